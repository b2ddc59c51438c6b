package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Paging makes one page. A list may continue far inside a lock, so the Paging walks there in
// slices. The last slice makes the page, which shows the state at that time.
type Paging struct {
	Page Page // the answer, once it is done

	table   *Table
	query   Query
	listed  int           // how many locks are on the page
	info    wire.LockInfo // the lock that is being listed
	room    int           // what is left of Budget.Page
	work    int           // what is left of pageWork
	holders walk
	waiters walk
}

const (
	pageWalk  = 300_000 // how many places a page may pass over
	walkSlice = 15_000  // how many of them in one call
)

// BeginPage begins a page that answers q. It looks at nothing yet.
func (t *Table) BeginPage(q Query) *Paging {
	q.After = max(q.After, q.Seq-1)
	return &Paging{
		table:   t,
		query:   q,
		info:    newLockInfo(),
		holders: walk{after: q.HoldersAfter.Or(0), state: holding, room: pageWalk},
		waiters: walk{after: q.WaitersAfter.Or(0), state: waiting, room: pageWalk},
	}
}

// newLockInfo returns an empty LockInfo whose lists are not nil.
func newLockInfo() wire.LockInfo {
	return wire.LockInfo{Holders: []wire.RequestInfo{}, Waiters: []wire.RequestInfo{}}
}

// Step does a slice of the page, and reports whether the page is done.
func (p *Paging) Step(now time.Duration, events []Event) (bool, []Event) {
	events = p.table.advance(now, events)
	return p.step(), events
}

func (p *Paging) step() bool {
	if l := p.table.lockWithSeq(p.query.Seq); l != nil && p.wants(l) {
		steps := walkSlice
		defer func() { p.table.charge(walkSlice - steps) }()
		if !p.holders.run(l, l.holders.first, &steps) || !p.waiters.run(l, l.queue.first, &steps) {
			return false
		}
	}
	p.fill()
	return true
}

// lockWithSeq returns the lock with that seq, or nil.
func (t *Table) lockWithSeq(seq int64) *lock {
	l, _ := t.bySeq.Get(&lock{seq: seq})
	return l
}

package locktable

import (
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// A Query asks for a page of the listing.
type Query struct {
	Match string // a glob over names; "": all
	Empty bool   // those too that nobody holds or waits for
	After int64  // the Next of the page before
	Max   int    // how many locks, at least 1
	Queue int    // how many holders, and how many waiters, of each lock
	Seq   int64  // only that lock; 0: any

	// With Seq only: where the lists begin, as the page before said. Where one is
	// given, the other list is left out.
	HoldersAfter, WaitersAfter wire.Opt[int64]
}

// A Page is the answer: locks in the order in which they came into use.
type Page struct {
	Locks []wire.LockInfo
	Next  int64 // where the next page begins; 0: there is none
	// TooFar says that a list was to begin so deep inside a lock that the page has not come to
	// it, and is of no use.
	TooFar bool
}

// What one page may cost, for nobody else is served meanwhile: about half a millisecond for
// each of these. Where a glob is costly, one name takes longer.
const (
	pageWork  = 100_000   // steps of comparing names with the glob, about
	nameWork  = 20        // of them, to look at a name
	pageBytes = 256 << 10 // of JSON, about
)

// Page answers q in one call, however far it is to where a list goes on. It may hold fewer
// locks than q.Max although there are more: Next tells, not the number. A glob that is a plain
// name costs no search.
func (t *Table) Page(now time.Duration, q Query, events []Event) (Page, []Event) {
	events = t.advance(now, events)
	p := t.BeginPage(q)
	for !p.step() {
	}
	return p.Page, events
}

// fill makes the page of p.
func (t *Table) fill(p *Paging) {
	q, page, room := &p.query, &p.Page, pageBytes
	page.Locks = []wire.LockInfo{}
	if name, plain := glob.Name(q.Match); plain {
		if l := t.locks.get(name); l != nil && l.seq > q.After && !q.isPast(l) && (q.Empty || !t.unused(l)) {
			t.list(l, p, &room)
		}
		return
	}
	begin, cost, work := q.After, glob.Cost(q.Match), pageWork
	t.bySeq.Ascend(&lock{seq: begin + 1}, func(l *lock) bool {
		if q.isPast(l) {
			return false
		}
		if (work <= 0 || room <= 0 || len(page.Locks) == q.Max) && q.After > begin {
			page.Next = q.After
			return false
		}
		work -= nameWork + cost*len(l.name)
		q.After = l.seq
		if (q.Empty || !t.unused(l)) && (q.Match == "" || doublestar.MatchUnvalidated(q.Match, l.name)) {
			t.list(l, p, &room)
		}
		return true
	})
	t.charge((pageWork - work) / 4)
}

// isPast reports whether l comes after all that q asks for.
func (q *Query) isPast(l *lock) bool { return q.Seq != 0 && l.seq > q.Seq }

// list puts l on the page, with at most as many holders and waiters as asked for, and takes
// what that costs from room. When room runs out the lists end there.
func (t *Table) list(l *lock, p *Paging, room *int) {
	info := wire.LockInfo{
		Name:    l.name,
		Seq:     l.seq,
		Holding: int(l.holding),
		Waiting: int(l.waiting),
		Grants:  l.grants,
		Holders: []wire.RequestInfo{},
		Waiters: []wire.RequestInfo{},
	}
	t.charge(placeCost)
	*room -= jsonsize.Lock(&info)
	parts := listing{table: t, most: p.query.Queue, room: room}
	holders, waiters := l.holders.first, l.queue.first
	if p.query.Seq != 0 {
		holders, waiters = p.holders.to, p.waiters.to
	}
	some, others := !p.query.HoldersAfter.IsZero(), !p.query.WaitersAfter.IsZero()
	if some || !others {
		info.Holders, info.HoldersNext = parts.describe(holders, p.holders.after)
	}
	if others || !some {
		info.Waiters, info.WaitersNext = parts.describe(waiters, p.waiters.after)
	}
	p.Page.TooFar = p.holders.room < 0 || p.waiters.room < 0
	p.Page.Locks = append(p.Page.Locks, info)
}

// A listing describes parts of lists.
type listing struct {
	table *Table
	most  int  // of each list
	room  *int // for bytes
}

// describe describes those from p on, and says after which rank the others are, if there
// are any. Those up to the rank after come before p.
func (d *listing) describe(p *place, after int64) (infos []wire.RequestInfo, next wire.Opt[int64]) {
	infos = []wire.RequestInfo{}
	for ; p != nil; p = p.next {
		if len(infos) == d.most || *d.room <= 0 {
			return infos, wire.Some(after)
		}
		info := d.table.describe(p)
		*d.room -= jsonsize.Request(&info)
		infos, after = append(infos, info), p.rank()
	}
	return infos, next
}

// SomeHolders describes up to most requests that hold, each as seen from one of its
// locks. It looks at so many locks only that nobody has to wait for it.
func (t *Table) SomeHolders(most int) (holders []wire.RequestInfo) {
	const locks = 10_000
	looked := 0
	t.bySeq.Scan(func(l *lock) bool {
		looked++
		if p := l.holders.first; p != nil && p.lock == p.request.places()[0].lock {
			holders = append(holders, t.describe(p))
		}
		return looked < locks && len(holders) < most
	})
	t.charge(looked)
	return holders
}

// describe describes a request as seen from one of its locks.
func (t *Table) describe(p *place) wire.RequestInfo {
	r := p.request
	t.charge(describeCost + len(r.places()))
	info := wire.RequestInfo{
		ID:         r.id(),
		Author:     r.author,
		Mode:       p.mode(),
		Token:      r.token,
		Locks:      make([]string, len(r.places())),
		Parent:     r.parentID(),
		DurationMS: (t.now - r.since).Milliseconds(),
		Peer:       r.session.peer,
		Gone:       r.state == holding && r.session.leaving,
	}
	if p.isLimited() {
		info.Limit = wire.Some(p.limit())
	}
	for i := range r.places() {
		info.Locks[i] = r.places()[i].lock.name
	}
	return info
}

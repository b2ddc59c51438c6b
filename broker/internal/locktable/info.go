package locktable

import (
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Query asks for a page of the listing.
type Query struct {
	Match string // a glob over names; "": all
	Empty bool   // those too that nobody holds or waits for
	After int64  // the Next of the page before
	Max   int    // how many locks, at least 1
	Queue int    // how many holders, and how many waiters, of each lock
	Seq   int64  // only that lock; 0: any

	// Where the lists of one lock begin, as the page before said. Where one is
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

// What one page may cost, for nobody else is served meanwhile: each of these
// takes a few milliseconds at most.
const (
	pageWork  = 300_000 // steps of comparing names with the glob, about
	pageBytes = 2 << 20 // of JSON, about
	pageWalk  = 300_000 // places passed over to where a list goes on
)

// Page answers q. It may hold fewer locks than q.Max although there are more:
// Next tells, not the number. A glob that is a plain name costs no search.
func (t *Table) Page(now time.Duration, q Query, events []Event) (Page, []Event) {
	events = t.advance(now, events)
	page := Page{Locks: []wire.LockInfo{}}
	room := pageBytes
	q.After = max(q.After, q.Seq-1)
	if name, plain := wire.GlobName(q.Match); plain {
		if l := t.locks.get(name); l != nil && l.seq > q.After && !q.isPast(l) && (q.Empty || !l.unused()) {
			t.list(l, &q, &page, &room)
		}
		return page, events
	}
	begin, cost, work := q.After, wire.GlobCost(q.Match), pageWork
	t.bySeq.Ascend(&lock{seq: begin + 1}, func(l *lock) bool {
		if q.isPast(l) {
			return false
		}
		work -= 100 + cost*len(l.name)
		if (work < 0 || room <= 0 || len(page.Locks) == q.Max) && q.After > begin {
			page.Next = q.After
			return false
		}
		q.After = l.seq
		if (q.Empty || !l.unused()) && (q.Match == "" || doublestar.MatchUnvalidated(q.Match, l.name)) {
			t.list(l, &q, &page, &room)
		}
		return true
	})
	return page, events
}

// isPast reports whether l comes after all that q asks for.
func (q *Query) isPast(l *lock) bool { return q.Seq != 0 && l.seq > q.Seq }

// list puts l on the page, with at most q.Queue holders and as many waiters, and takes
// what that costs from room. When room runs out the lists end there.
func (t *Table) list(l *lock, q *Query, page *Page, room *int) {
	info := wire.LockInfo{
		Name:    l.name,
		Seq:     l.seq,
		Holding: int(l.holding),
		Waiting: int(l.waiting),
		Grants:  l.grants,
		Holders: []wire.RequestInfo{},
		Waiters: []wire.RequestInfo{},
	}
	*room -= info.Size()
	parts := listing{table: t, most: q.Queue, room: room, walk: pageWalk}
	holders, some := q.HoldersAfter.Get()
	waiters, others := q.WaitersAfter.Get()
	if some || !others {
		info.Holders, info.HoldersNext = parts.describe(l.holders.first, holders)
	}
	if others || !some {
		info.Waiters, info.WaitersNext = parts.describe(l.queue.first, waiters)
	}
	page.TooFar = parts.walk < 0
	page.Locks = append(page.Locks, info)
}

// A listing describes parts of lists.
type listing struct {
	table *Table
	most  int  // of each list
	room  *int // for bytes
	walk  int  // how many places it may pass over
}

// describe describes those from p on whose rank is above that one, and says after which
// rank the others are, if there are any.
func (d *listing) describe(p *place, after int64) (infos []wire.RequestInfo, next wire.Opt[int64]) {
	for ; p != nil && p.rank() <= after && d.walk >= 0; p = p.next {
		d.walk--
	}
	infos = []wire.RequestInfo{}
	for ; p != nil; p = p.next {
		if len(infos) == d.most || *d.room <= 0 {
			return infos, wire.Some(after)
		}
		info := d.table.describe(p)
		*d.room -= info.Size()
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
		Parent:     r.livingParent(),
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

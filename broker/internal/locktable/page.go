package locktable

import (
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// A Query asks for a page of the listing.
type Query struct {
	Match string // a glob over names; empty: all names
	Empty bool   // also list locks that nobody holds or waits for
	After int64  // the Next of the page before; 0: from the first lock
	Max   int    // how many locks, at least 1
	Queue int    // how many holders, and how many waiters, of each lock
	Seq   int64  // only the lock with this seq; 0: any lock

	// Visible reports whether a lock may be listed, and Hide removes what may not be told from the
	// description of a request. Both return how many of the steps of pageWork they took. nil: all
	// may be told.
	Visible func(name string) (visible bool, steps int)
	Hide    func(*wire.RequestInfo) (steps int)

	// Tell gets the locks of the page one after another. What it gets is valid only until it returns,
	// so that a page makes no garbage. nil: they are put into [Page].Locks.
	Tell func(*wire.LockInfo)

	// HoldersAfter and WaitersAfter say where the lists begin: the HoldersNext and WaitersNext
	// of the page before. They need Seq. If only one is given, the other list is left out.
	HoldersAfter, WaitersAfter wire.Opt[int64]
}

// A Page is the answer to a Query: locks in the order in which their names came into use.
type Page struct {
	Locks []wire.LockInfo // without Query.Tell
	Next  int64           // the After of the next page; 0: there is none
	// TooFar says that the page is useless: a list would begin deeper inside a lock than the
	// table looks.
	TooFar bool
}

// While the table makes a page nobody else is served. So the work for one page is bounded, to about
// half a millisecond. A single name can take longer if the glob is costly.
const (
	pageWork = 100_000 // about how many steps a page spends on names: on comparing them, and on hiding
	nameWork = 20      // how many of these steps a name takes, without the comparison
)

// Page answers q in one call, even if a list continues far inside a lock. The page may hold
// fewer locks than q.Max although there are more: only Next tells. A glob that is a plain name
// costs no search.
func (t *Table) Page(now time.Duration, q Query, events []Event) (Page, []Event) {
	events = t.advance(now, events)
	p := t.BeginPage(q)
	for !p.step() {
	}
	return p.Page, events
}

// fill makes the page.
func (p *Paging) fill() {
	p.Page.Locks = []wire.LockInfo{}
	p.room, p.work = p.table.config.Budget.Page, pageWork
	defer func() { p.table.charge((pageWork - p.work) / 4) }()
	if name, plain := glob.Name(p.query.Match); plain {
		p.fillByName(name)
		return
	}
	p.fillByGlob()
}

// fillByName lists the lock with that name, if it is asked for.
func (p *Paging) fillByName(name string) {
	q := &p.query
	if !p.sees(name) {
		return // before the lookup, so that the time does not tell whether there is such a lock
	}
	if l := p.table.locks.get(name); l != nil && l.seq > q.After && !q.endsBefore(l) && p.wants(l) {
		p.list(l)
	}
}

// fillByGlob lists the locks that match, one after another, until the page is full.
func (p *Paging) fillByGlob() {
	q, begin := &p.query, p.query.After
	cost := glob.Cost(q.Match)
	p.table.bySeq.Ascend(&lock{seq: begin + 1}, func(l *lock) bool {
		if q.endsBefore(l) {
			return false
		}
		full := p.work <= 0 || p.room <= 0 || p.listed == q.Max
		if full && q.After > begin {
			p.Page.Next = q.After
			return false
		}
		p.work -= nameWork
		q.After = l.seq
		if !p.wants(l) { // hidden locks cost the same, whatever their names are
			return true
		}
		p.work -= cost * len(l.name)
		if q.Match == "" || doublestar.MatchUnvalidated(q.Match, l.name) {
			p.list(l)
		}
		return true
	})
}

// endsBefore reports whether l comes after all that q asks for.
func (q *Query) endsBefore(l *lock) bool { return q.Seq != 0 && l.seq > q.Seq }

// wants reports whether l may be listed and is in use, or the query also asks for locks that are not.
func (p *Paging) wants(l *lock) bool {
	return (p.query.Empty || !p.table.unused(l)) && p.sees(l.name)
}

// sees reports whether a lock may be listed.
func (p *Paging) sees(name string) bool {
	if p.query.Visible == nil {
		return true
	}
	visible, steps := p.query.Visible(name)
	p.work -= steps
	return visible
}

// list puts l on the page, with as many holders and waiters as were asked for, or fewer if the
// page has no more room.
func (p *Paging) list(l *lock) {
	info := &p.info
	*info = wire.LockInfo{
		Name:    l.name,
		Seq:     l.seq,
		Holding: int(l.holding),
		Waiting: int(l.waiting),
		Grants:  l.grants,
		Holders: info.Holders[:0],
		Waiters: info.Waiters[:0],
	}
	p.table.charge(placeCost)
	p.room -= p.table.config.Budget.lockSize(info)
	holders, waiters := l.holders.first, l.queue.first
	if p.query.Seq != 0 {
		holders, waiters = p.holders.at, p.waiters.at
	}
	noHolders := p.query.HoldersAfter.IsZero() && !p.query.WaitersAfter.IsZero()
	noWaiters := p.query.WaitersAfter.IsZero() && !p.query.HoldersAfter.IsZero()
	if !noHolders {
		info.Holders, info.HoldersNext = p.describeFrom(info.Holders, holders, p.holders.after)
	}
	if !noWaiters {
		info.Waiters, info.WaitersNext = p.describeFrom(info.Waiters, waiters, p.waiters.after)
	}
	p.Page.TooFar = p.holders.room < 0 || p.waiters.room < 0
	p.listed++
	if p.query.Tell != nil {
		p.query.Tell(info)
		return
	}
	p.Page.Locks = append(p.Page.Locks, *info)
	p.info = newLockInfo()
}

// describeFrom appends the descriptions of the requests of a list from at on, as far as Query.Queue and
// the room on the page allow. If it stops before the end, it returns the rank after which the list continues.
// If it describes none, that rank is the one that it was given.
func (p *Paging) describeFrom(
	infos []wire.RequestInfo, at *place, after int64,
) (_ []wire.RequestInfo, next wire.Opt[int64]) {
	for ; at != nil; at = at.next {
		if len(infos) == p.query.Queue || p.room <= 0 || p.hidesTooMuch(len(infos)) {
			return infos, wire.Some(after)
		}
		infos = extend(infos)
		info := &infos[len(infos)-1]
		p.table.describeInto(info, at)
		if p.query.Hide != nil {
			p.work -= p.query.Hide(info)
		}
		p.room -= p.table.config.Budget.requestSize(info)
		after = at.rank()
	}
	return infos, next
}

// extend adds an element. It keeps what the memory holds, so that this can be reused.
func extend(infos []wire.RequestInfo) []wire.RequestInfo {
	if len(infos) < cap(infos) {
		return infos[:len(infos)+1]
	}
	return append(infos, wire.RequestInfo{})
}

// hidesTooMuch reports whether a list should stop because hiding takes too long. A list has at least one
// request, so that the next page continues behind it.
func (p *Paging) hidesTooMuch(described int) bool {
	return p.query.Hide != nil && p.work <= 0 && described > 0
}

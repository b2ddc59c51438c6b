package locktable

import "time"

// A Paging is a page under way. To where a list goes on it may be far, so this is walked
// in slices; the page itself is made in the last of them, and tells how things are then.
type Paging struct {
	Page Page // the answer, once it is done

	table   *Table
	query   Query
	holders walk
	waiters walk
}

const (
	pageWalk  = 300_000 // places passed over to where a list goes on
	walkSlice = 15_000  // of them in one call
	markEvery = 1_000   // places, a walk remembers where it is
)

// BeginPage begins a page that answers q. It looks at nothing yet.
func (t *Table) BeginPage(q Query) *Paging {
	q.After = max(q.After, q.Seq-1)
	return &Paging{
		table:   t,
		query:   q,
		holders: walk{after: q.HoldersAfter.Or(0), state: holding, room: pageWalk},
		waiters: walk{after: q.WaitersAfter.Or(0), state: waiting, room: pageWalk},
	}
}

// Step does a slice of the page, and reports whether it is done.
func (p *Paging) Step(now time.Duration, events []Event) (bool, []Event) {
	events = p.table.advance(now, events)
	return p.step(), events
}

func (p *Paging) step() bool {
	if l := p.table.bySeqOf(p.query.Seq); l != nil {
		steps := walkSlice
		defer func() { p.table.charge(walkSlice - steps) }()
		if !p.holders.goOn(l, l.holders.first, &steps) || !p.waiters.goOn(l, l.queue.first, &steps) {
			return false
		}
	}
	p.table.fill(p)
	return true
}

// A walk passes over the places of a list up to a rank. Places may leave the list between two
// slices. The order of the rest stays, so the walk turns back to one that it has passed
// and that is still there.
type walk struct {
	after int64 // the rank
	state state // of those in the list
	room  int   // how many more places it may pass; below 0: it has given up
	to    *place
	marks []mark // on the way
}

// A mark is a place of a list, as long as that has the same rank.
type mark struct {
	place *place
	rank  int64
}

// goOn passes over so many places at most, and reports whether it is there: to is the first place
// beyond the rank then, or nil.
func (w *walk) goOn(l *lock, first *place, steps *int) bool {
	if w.after == 0 {
		w.to = first
		return true
	}
	p := w.resume(l, first)
	for n := 1; p != nil && p.rank() <= w.after && w.room >= 0; n++ {
		if *steps <= 0 || n%markEvery == 0 {
			w.marks = append(w.marks, mark{p, p.rank()})
		}
		if *steps <= 0 {
			return false
		}
		*steps--
		w.room--
		p = p.next
	}
	w.to = p
	return true
}

// resume is the last mark that still stands, or the first place of the list.
func (w *walk) resume(l *lock, first *place) *place {
	for last := len(w.marks) - 1; last >= 0; last-- {
		m := w.marks[last]
		if r := m.place.request; r != nil && r.state == w.state && m.place.lock == l && m.place.rank() == m.rank {
			return m.place
		}
		w.marks = w.marks[:last]
	}
	return first
}

// bySeqOf is the lock of that seq, or nil.
func (t *Table) bySeqOf(seq int64) *lock {
	l, _ := t.bySeq.Get(&lock{seq: seq})
	return l
}

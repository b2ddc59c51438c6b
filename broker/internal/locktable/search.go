package locktable

import (
	"math"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// whole is a budget that is never used up.
const whole = math.MaxInt

// A search asks whether a nested request, which would have to wait, could ever be
// granted. It may take long, so it goes on bit by bit, with other calls in between.
//
// The answer is exact at the moment when it is given, because all that it relies on has held
// still since it was read:
//
//   - the holders and the queues of all locks that were reached, those that are asked
//     for first of all;
//   - that those names are not in use which were not when they were asked for;
//   - the nests that were reached: who is in them, and which of those wait.
//
// Before anything of that changes, the search is brought to its end, in the call that
// changes it ([Table.disturb], [Table.Touches]). What was not reached may change: it is
// read as it is then. So the reduction has seen everything that it can reach in the state
// in which it is when the answer comes.
//
// Only what is over, and waits for its turn to be ended, is judged as of the time of
// the question: that time passes, or that a session leaves, ends nothing yet.
//
// The request is in its parent's nest meanwhile, but in no queue, and nobody else
// knows it. If its session leaves, the search is given up. Its parent may end before the
// answer where nobody who was reached waits for that.
type search struct {
	*reduction
	locks []wire.LockSpec
	wait  time.Duration // from when it is queued
}

// ask begins the search for r, made inside parent, and does a slice of it.
func (t *Table) ask(r, parent *request, a Acquire, events []Event) []Event {
	t.unmark(whole) // one search at a time
	r.state, r.since = asking, t.now
	for i, spec := range a.Locks {
		l := t.locks.get(spec.Name)
		if l == nil {
			l = &lock{name: spec.Name} // not in use unless r is admitted
		}
		r.places()[i].lock = l
	}
	t.join(r, parent)
	t.search = &search{reduction: t.begin(r), locks: a.Locks, wait: a.Wait}
	events = t.goOn(t.config.Search, events)
	if t.search != nil {
		t.search.locks = append([]wire.LockSpec(nil), a.Locks...) // the caller's may change
	}
	return events
}

// Searching reports whether a search for a deadlock is not done yet: [Table.Search] goes on
// with it. An acquire with a parent that comes meanwhile brings it to its end at once,
// which may take some ten milliseconds, so the caller should hold it back.
func (t *Table) Searching() bool { return t.search != nil || t.unmarking != nil }

// Search does a slice of the search under way ([Config].Search). When that is done the
// request for which it is made is queued or refused, with wire.Deadlock or wire.TooMany.
func (t *Table) Search(now time.Duration, events []Event) []Event {
	events = t.advance(now, events)
	if t.search != nil {
		return t.goOn(t.config.Search, events)
	}
	t.unmark(t.config.Search)
	return events
}

// Touches reports whether a would change what the search under way relies on, so that the
// search would have to be brought to its end first.
func (t *Table) Touches(a Acquire) bool {
	if t.search == nil {
		return false
	}
	if a.Steal || !a.Parent.IsZero() {
		return true
	}
	t.charge(len(a.Locks))
	for _, spec := range a.Locks {
		if l := t.locks.get(spec.Name); l != nil && l.stand != 0 || l == nil && t.search.asksFor(spec.Name) {
			return true
		}
	}
	return false
}

func (s *search) asksFor(name string) bool {
	for i := range s.locks {
		if s.locks[i].Name == name {
			return true
		}
	}
	return false
}

// TouchesID is Touches for the end of a request. What its end lets others do may touch the
// search nevertheless.
func (t *Table) TouchesID(id wire.ID) bool {
	if t.search == nil {
		return false
	}
	r := t.find(id)
	return r != nil && t.search.reliesOn(r) || id == t.search.asked.id()
}

// TouchesSession is Touches for the end of a session, other than that which asks.
func (t *Table) TouchesSession(name string) bool {
	s := t.sessions[name]
	return t.search != nil && s != nil && s.reached == t.search.number
}

// reliesOn reports whether r must stay as it is.
func (s *search) reliesOn(r *request) bool {
	if r.part != none || r.in != nil && r.in.reached {
		return true
	}
	for i := range r.places() {
		if r.places()[i].lock.stand != 0 {
			return true
		}
	}
	return false
}

// disturb is called before r is granted or ends: a search that relies on it is brought to its
// end.
func (t *Table) disturb(r *request, events []Event) []Event {
	if t.search != nil && t.search.reliesOn(r) {
		return t.finish(events)
	}
	return events
}

// answer brings the search to its end if it is made for that id.
func (t *Table) answer(id wire.ID, events []Event) []Event {
	if t.search != nil && t.search.asked.id() == id {
		return t.finish(events)
	}
	return events
}

// finish brings the search to its end, if there is one.
func (t *Table) finish(events []Event) []Event {
	if t.search == nil {
		return events
	}
	return t.goOn(whole, events)
}

// goOn does so many steps of the search, and answers if it is done then.
func (t *Table) goOn(steps int, events []Event) []Event {
	s := t.search
	if !s.goOn(steps) {
		return events
	}
	r := s.asked
	t.search, t.unmarking = nil, s.reduction
	switch {
	case s.room < 0:
		reason := "so many wait for one another that looking for a deadlock would take too long"
		events = append(events, refused(r.id(), wire.TooMany, reason))
	case r.part == found:
		events = append(events, s.deadlocked())
	default:
		t.admit(r, nil, s.locks)
		t.enqueue(r, s.wait)
		events = append(events, Event{Kind: Queued, ID: r.id(), request: r})
		t.unmark(min(s.steps, t.config.Search))
		return events
	}
	t.leave(r)
	t.reuse(r)
	t.unmark(min(s.steps, t.config.Search))
	return events
}

// giveUp ends the search without an answer: the session that asks is leaving.
func (t *Table) giveUp() {
	r := t.search.asked
	t.search, t.unmarking = nil, t.search.reduction
	t.leave(r)
	t.reuse(r)
}

// unmark takes so many marks of the last search off again.
func (t *Table) unmark(most int) {
	if t.unmarking != nil && t.unmarking.unmark(most) {
		t.unmarking = nil
	}
}

package locktable

import (
	"math"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// whole is a budget that is never used up.
const whole = math.MaxInt

// A search asks whether a nested request, which would have to wait, could ever be granted. It may
// take long, so it proceeds step by step, with other calls in between.
//
// The answer is exact at the moment when it is given, because everything that it relies on has
// not changed since the search read it:
//
//   - the holders and the queues of all locks that it has reached, beginning with the locks of
//     the request itself;
//   - the fact that names of the request are unknown, if they were unknown at first;
//   - the nests that it has reached: which requests are in them, and which of those wait.
//
// Before a call changes any of this, it finishes the search (finishSearchOn, [Table.Touches]). What
// the search has not reached may change, because the search has not read it yet. So at the moment
// of the answer, everything that the search has read is still as it was when it was read.
//
// Which requests must end, the search judges by the time of its beginning. As time passes and
// sessions leave, more requests must end. But a request has not ended until a call ends it.
//
// During the search the request is in the nest of its parent, but in no queue, and nothing
// else knows it. If its session leaves, the search is abandoned. If its parent ends, the search
// need not be finished, unless a request that it has reached waits for the parent.
type search struct {
	*reduction
	locks []wire.LockSpec
	wait  time.Duration // how long the request may wait, counted from when it is queued
	// parent is what the request says that it was made inside.
	parent wire.ID
}

// beginSearch begins the search for r, which a asks for inside parent, and does a slice of it.
func (t *Table) beginSearch(r, parent *request, a *Acquire, events []Event) []Event {
	t.unmark(whole) // there is one search at a time
	r.state, r.since = undecided, t.now
	for i, spec := range a.Locks {
		l := t.locks.get(spec.Name)
		if l == nil {
			l = &lock{name: spec.Name} // not in use unless r is queued
		}
		r.places()[i].lock = l
	}
	t.putInside(r, parent)
	t.search = &search{reduction: t.newReduction(r), locks: a.Locks, wait: a.Wait, parent: a.Parent}
	events = t.continueSearch(t.config.Search, events)
	if t.search != nil {
		t.search.locks = append([]wire.LockSpec(nil), a.Locks...) // the caller may change its own
	}
	return events
}

// Searching reports whether a deadlock search is not done yet: [Table.Search] continues it.
// An acquire with a parent would have to finish the search at once, which may take tens of
// milliseconds. So the caller should hold such an acquire back until the search is done.
func (t *Table) Searching() bool { return t.search != nil || t.unmarking != nil }

// Search does a slice of the search under way ([Config].Search). When the search is done, its
// request is queued, or refused with wire.Deadlock or wire.TooMany.
func (t *Table) Search(now time.Duration, events []Event) []Event {
	events = t.advance(now, events)
	if t.search != nil {
		return t.continueSearch(t.config.Search, events)
	}
	t.unmark(t.config.Search)
	return events
}

// Touches reports whether a would change what the search under way relies on. If so, Acquire would
// have to finish the search first.
func (t *Table) Touches(a Acquire) bool {
	if t.search == nil {
		return false
	}
	if a.Steal || !a.Parent.IsZero() {
		return true
	}
	t.charge(len(a.Locks))
	for _, spec := range a.Locks {
		if l := t.locks.get(spec.Name); l != nil && l.reduced != 0 || l == nil && t.search.names(spec.Name) {
			return true
		}
	}
	return false
}

// TouchesID is Touches for the end of the request with that id. If it returns false, the
// search may still have to be finished, because the end may let others be granted.
func (t *Table) TouchesID(id wire.ID) bool {
	if t.search == nil {
		return false
	}
	r := t.find(id)
	return r != nil && t.search.reliesOn(r) || id == t.search.candidate.id()
}

// TouchesSession is Touches for the end of a session, other than the one that the search is
// for.
func (t *Table) TouchesSession(name string) bool {
	s := t.sessions.Get(name)
	return t.search != nil && s != nil && s.searched == t.search.number
}

// names reports whether the request of the search names that lock.
func (s *search) names(lock string) bool {
	for i := range s.locks {
		if s.locks[i].Name == lock {
			return true
		}
	}
	return false
}

// reliesOn reports whether r must stay as it is until the answer.
func (s *search) reliesOn(r *request) bool {
	if r.mark != unmarked || r.outer != nil && r.outer.reached {
		return true
	}
	for i := range r.places() {
		if r.places()[i].lock.reduced != 0 {
			return true
		}
	}
	return false
}

// finishSearchOn must be called before r is granted or ends. It finishes a search that relies
// on r.
func (t *Table) finishSearchOn(r *request, events []Event) []Event {
	if t.search != nil && t.search.reliesOn(r) {
		return t.finishSearch(events)
	}
	return events
}

// finishSearchFor finishes the search if it is for the request with that id.
func (t *Table) finishSearchFor(id wire.ID, events []Event) []Event {
	if t.search != nil && t.search.candidate.id() == id {
		return t.finishSearch(events)
	}
	return events
}

// finishSearch finishes the search, if there is one.
func (t *Table) finishSearch(events []Event) []Event {
	if t.search == nil {
		return events
	}
	return t.continueSearch(whole, events)
}

// continueSearch does that many steps of the search. If the search is then done, it queues or
// refuses the request.
func (t *Table) continueSearch(steps int, events []Event) []Event {
	s := t.search
	if !s.run(steps) {
		return events
	}
	r := s.candidate
	t.search, t.unmarking = nil, s.reduction
	if s.mayWait() {
		t.register(r, nil, s.locks)
		t.enqueue(r, s.wait)
		if s.isStuck() {
			t.inside = append(t.inside, insideRequest{r.id(), s.parent})
		}
		events = append(events, Event{Kind: Queued, ID: r.id(), request: r})
	} else {
		events = append(events, s.refusal())
		t.leaveNest(r)
		t.reuse(r)
	}
	t.unmark(min(s.steps, t.config.Search))
	return events
}

// mayWait reports whether the request of the search may wait.
func (s *search) mayWait() bool {
	return s.room >= 0 && (s.candidate.mark != visited || s.isStuck() && len(s.table.inside) > 0)
}

// isStuck reports whether the request could never be granted, although it is in no cycle. Then others are deadlocked
// whose turn has not come yet: see Revisit.
func (s *search) isStuck() bool { return s.candidate.mark == visited && s.cycle.first == nil }

// refusal refuses the request, because it could never be granted or because the search has used up
// its room.
func (s *search) refusal() Event {
	if s.room < 0 {
		const reason = "too many requests wait for one another to search them for a deadlock"
		return overLimit(s.candidate.id(), SearchLength, reason)
	}
	return s.deadlock()
}

// abandonSearch ends the search without an answer, because its session is leaving.
func (t *Table) abandonSearch() {
	r := t.search.candidate
	t.search, t.unmarking = nil, t.search.reduction
	t.leaveNest(r)
	t.reuse(r)
}

// unmark removes up to that many marks of the previous search.
func (t *Table) unmark(most int) {
	if t.unmarking != nil && t.unmarking.unmark(most) {
		t.unmarking = nil
	}
}

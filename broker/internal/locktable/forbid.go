package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Check says whether a client may make a request for a lock. If not, it returns a false ok, and
// what the client lacks.
type Check func(lock string, mode wire.Mode, steal bool) (lacks wire.Verb, ok bool)

// Forbid ends the requests of a session that wait although may does not allow them. Those that hold
// are left alone. It looks at the requests after the one with the number after, or at all of them if
// that one no longer waits. It stops after about budget locks. If it is not done, it must be called
// again, with the number that it returns. The first time, after is -1.
func (t *Table) Forbid(
	now time.Duration, name string, after int64, budget int, may Check, events []Event,
) (_ []Event, next int64, done bool) {
	events = t.finishSearch(t.advance(now, events))
	s := t.sessions.Get(name)
	if s == nil || s.leaving {
		return events, 0, true
	}
	r := s.waiting.first
	if after >= 0 {
		if last := s.requests.get(after); last != nil && (last.state == waiting || last.state == stealing) {
			r = last.next
		}
	}
	for budget > 0 && r != nil {
		this := r
		r = r.next
		budget -= len(this.places())
		if reason, ok := this.mayWait(may); ok {
			after = this.n
		} else {
			events = t.end(this, Event{Kind: Forbidden, Reason: reason}, events)
		}
	}
	return t.grantWaiting(events), after, r == nil
}

// mayWait reports whether may allows all locks of r, or else what its client lacks.
func (r *request) mayWait(may Check) (reason string, ok bool) {
	for i := range r.places() {
		p := &r.places()[i]
		if lacks, ok := may(p.lock.name, p.mode(), r.state == stealing); !ok {
			return "no longer permitted: " + string(lacks) + " " + p.lock.name, false
		}
	}
	return "", true
}

// LocksOf returns the names of the locks of a request, or nil if it is not known.
func (t *Table) LocksOf(now time.Duration, id wire.ID, events []Event) ([]string, []Event) {
	events = t.finishSearchFor(id, t.advance(now, events))
	r := t.find(id)
	if r == nil {
		return nil, events
	}
	names := make([]string, len(r.places()))
	for i := range r.places() {
		names[i] = r.places()[i].lock.name
	}
	t.charge(len(names))
	return names, events
}

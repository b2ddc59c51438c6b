package locktable

import "time"

// Leave begins the end of a session, which must be open: nothing is granted to it
// any more, and it makes no other call than Drop.
func (t *Table) Leave(name string) {
	t.session(name).leaving = true
}

// Drop ends a session that leaves: first all its waiting requests, then what it
// holds. It stops after budget places, or a few more, and reports whether the
// session is gone; if not, it is to be called again.
func (t *Table) Drop(now time.Duration, name string, budget int, events []Event) ([]Event, bool) {
	events = t.advance(now, events)
	s := t.session(name)
	if !s.leaving {
		panic("locktable: drop of a session that has not left: " + name)
	}
	for budget > 0 && s.waiting.first != nil {
		r := s.waiting.first
		budget -= len(r.places)
		events = append(events, t.end(r, Gone))
	}
	for budget > 0 && s.holding.first != nil {
		r := s.holding.first
		budget -= len(r.places)
		events = append(events, t.end(r, Gone))
	}
	events = t.settle(events)
	if s.requests.len > 0 {
		return events, false
	}
	delete(t.sessions, name)
	return events, true
}

// session returns an open session.
func (t *Table) session(name string) *session {
	s := t.sessions[name]
	if s == nil {
		panic("locktable: a session that is not open: " + name)
	}
	return s
}

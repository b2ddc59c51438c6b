package locktable

import "time"

// Leave begins the end of a session, which must be open: nothing is granted to it
// any more, and it makes no other call than Drop. What it holds stays until
// keep, a time as Drop is told it, or goes at once if that is past. A search that is
// made for it is given up: nobody waits for the answer.
func (t *Table) Leave(name string, keep time.Duration) {
	s := t.sessions[name]
	if s == nil {
		panic("locktable: a session that is not open: " + name)
	}
	if t.search != nil && t.search.asked.session == s {
		t.giveUp()
	}
	t.leaves++
	s.leaving, s.left, s.keep = true, t.leaves, keep
	t.forgetIfLeft(s)
}

// Unkeep makes what a session that has left still holds go at once: Drop must be called
// again. It does nothing when nothing of the session is left.
func (t *Table) Unkeep(name string) {
	s := t.sessions[name]
	if s == nil || !s.leaving {
		return
	}
	t.leaves++
	s.unkept = t.leaves
	if s.keepIndex >= 0 {
		t.keeps.removeAt(s.keepIndex)
	}
}

// Drop ends a session that leaves: first all its waiting requests, then what it
// holds, unless that is kept. It stops after budget places, or a few more, and
// reports whether there is nothing left for it to do; if there is, it is to be
// called again.
func (t *Table) Drop(now time.Duration, name string, budget int, events []Event) ([]Event, bool) {
	events = t.advance(now, events)
	s := t.sessions[name]
	if s == nil {
		return events, true
	}
	if !s.leaving {
		panic("locktable: drop of a session that has not left: " + name)
	}
	for budget > 0 && s.waiting.first != nil {
		r := s.waiting.first
		budget -= len(r.places())
		events = t.end(r, Event{Kind: Gone}, events)
	}
	for budget > 0 && s.holding.first != nil && !s.keeps(now) {
		r := s.holding.first
		budget -= len(r.places())
		events = t.end(r, Event{Kind: Gone}, events)
	}
	events = t.settle(events)
	if s.waiting.first == nil && s.holding.first != nil && s.keeps(now) && s.keepIndex < 0 {
		t.keeps.add(s)
	}
	return events, s.requests.len == 0 || s.keepIndex >= 0
}

// forgetIfLeft forgets a session that has left and has nothing any more.
func (t *Table) forgetIfLeft(s *session) {
	if !s.leaving || s.requests.len > 0 {
		return
	}
	delete(t.sessions, s.name)
	if s.keepIndex >= 0 {
		t.keeps.removeAt(s.keepIndex)
	}
}

package locktable

import "time"

// Drop ends a session: first all its waiting requests, none of which is granted
// on the way out, then what it holds. It ends at most budget requests, and
// reports whether the session is gone; if not, it is to be called again. The
// session must be open, and makes no other call from the first Drop on.
func (t *Table) Drop(now time.Duration, name string, budget int, events []Event) ([]Event, bool) {
	events = t.advance(now, events)
	s := t.sessions[name]
	if s == nil {
		panic("locktable: drop of a session that is not open: " + name)
	}
	s.leaving = true
	for ; budget > 0 && s.waiting.first != nil; budget-- {
		events = append(events, t.end(s.waiting.first, Gone))
	}
	for ; budget > 0 && s.holding.first != nil; budget-- {
		events = append(events, t.end(s.holding.first, Gone))
	}
	events = t.settle(events)
	if s.requests.len > 0 {
		return events, false
	}
	delete(t.sessions, name)
	return events, true
}

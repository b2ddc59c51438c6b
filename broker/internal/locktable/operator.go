package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// What an operator does to the requests of others.

// Evict ends a request, whoever made it, and grants what that frees. By and
// message are for its requestor to read. It reports whether there was one.
func (t *Table) Evict(now time.Duration, id wire.ID, by, message string, events []Event) ([]Event, bool) {
	events = t.answer(id, t.advance(now, events))
	r := t.find(id)
	if r == nil {
		return events, false
	}
	event := Event{Kind: Evicted, By: by, Message: message}
	if r.state == holding {
		event.Kind, event.Lost = Lost, wire.LostEvicted
	}
	return t.settle(t.end(r, event, events)), true
}

// steal ends all who hold one of the locks of a, lock by lock. Who waits goes on
// waiting.
func (t *Table) steal(a Acquire, events []Event) []Event {
	for _, spec := range a.Locks {
		for l := t.locks.get(spec.Name); l != nil && l.holders.first != nil; {
			events = t.end(l.holders.first.request, Event{Kind: Lost, Lost: wire.LostStolen, By: a.By}, events)
		}
	}
	return events
}

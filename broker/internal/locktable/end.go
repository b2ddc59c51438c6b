package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Release ends a request that holds, and grants what that frees. One that
// waits or is unknown is refused with wire.NotHeld, and nothing changes.
func (t *Table) Release(now time.Duration, id wire.ID, events []Event) []Event {
	events = t.answer(id, t.advance(now, events))
	r := t.find(id)
	if r == nil || r.state != holding {
		return append(events, refused(id, wire.NotHeld, "release of a request that is not held"))
	}
	events = t.end(r, Event{Kind: Released}, events)
	return t.settle(events)
}

// Cancel ends a request in whatever state it is, and grants what that frees.
// An unknown one is refused with wire.NotFound.
func (t *Table) Cancel(now time.Duration, id wire.ID, events []Event) []Event {
	events = t.answer(id, t.advance(now, events))
	r := t.find(id)
	if r == nil {
		return append(events, refused(id, wire.NotFound, "no such request"))
	}
	events = t.end(r, Event{Kind: Cancelled}, events)
	return t.settle(events)
}

// end takes r out of everything that knows it, and tells that by event. What becomes
// free is noted; the caller settles.
func (t *Table) end(r *request, event Event, events []Event) []Event {
	events = t.disturb(r, events)
	event.ID, event.request = r.id(), r
	if r.state == stealing {
		event.Theft = &t.theft[r].told
		t.endTheft(r)
	}
	t.charge(requestCost + placeCost*len(r.places()))
	t.clearDeadline(r)
	if r.freedIndex >= 0 {
		t.freed.removeAt(int(r.freedIndex))
	}
	for i := range r.places() {
		p := &r.places()[i]
		switch r.state {
		case holding:
			t.removeHolder(p)
		case waiting:
			p.lock.dequeue(p)
		}
		t.freedAt(p.lock)
		t.rest(p.lock)
	}
	if r.state == holding {
		r.session.holding.remove(r)
		t.held--
	} else {
		r.session.waiting.remove(r)
	}
	t.count(r, -1)
	r.session.requests.remove(r)
	r.state = ended
	t.leave(r)
	t.ended.append(r)
	t.forgetIfLeft(r.session)
	return append(events, event)
}

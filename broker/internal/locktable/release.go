package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Release ends a request that holds, and grants the locks that this frees. A request that waits or is
// unknown is refused with wire.NotHeld, and nothing changes.
func (t *Table) Release(now time.Duration, id wire.ID, events []Event) []Event {
	events = t.finishSearchFor(id, t.advance(now, events))
	r := t.find(id)
	if r == nil || r.state != holding {
		return append(events, refused(id, wire.NotHeld, "release of a request that is not held"))
	}
	events = t.end(r, Event{Kind: Released}, events)
	return t.grantWaiting(events)
}

// Cancel ends a request in any state, and grants the locks that this frees. An unknown request is
// refused with wire.NotFound.
func (t *Table) Cancel(now time.Duration, id wire.ID, events []Event) []Event {
	events = t.finishSearchFor(id, t.advance(now, events))
	r := t.find(id)
	if r == nil {
		return append(events, refused(id, wire.NotFound, "no such request"))
	}
	events = t.end(r, Event{Kind: Cancelled}, events)
	return t.grantWaiting(events)
}

// end ends r with that event: it removes r from everything that knows it, and notes which
// locks have changed. The caller then calls grantWaiting.
func (t *Table) end(r *request, event Event, events []Event) []Event {
	events = t.finishSearchOn(r, events)
	event.ID, event.request = r.id(), r
	event.Lasted, event.Held = t.now-r.since, r.state == holding
	if r.state == stealing {
		event.Steal = &t.stealOf[r].report
		t.endSteal(r)
	}
	t.charge(requestCost + placeCost*len(r.places()))
	t.clearDeadline(r)
	if r.recheckIndex >= 0 {
		t.recheck.removeAt(int(r.recheckIndex))
	}
	t.leaveLocks(r)
	if r.state == holding {
		r.session.removeHolding(r)
		t.countHeld(r, -1)
	} else {
		r.session.removeWaiting(r)
	}
	t.count(r, -1)
	r.session.requests.remove(r)
	r.state = ended
	t.leaveNest(r)
	t.ended.append(r)
	t.forgetIfEmpty(r.session)
	return append(events, event)
}

// leaveLocks removes r from the holders or queues of its locks.
func (t *Table) leaveLocks(r *request) {
	for i := range r.places() {
		p := &r.places()[i]
		switch r.state {
		case holding:
			t.removeHolder(p)
		case waiting:
			p.lock.dequeue(p)
		}
		t.recheckHead(p.lock)
		t.restIfUnused(p.lock)
	}
}

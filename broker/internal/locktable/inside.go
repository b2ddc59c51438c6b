package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// While requests of the last run come back, no deadlock can be found: a session whose request is a part of it may not
// have come yet, and requests that come later get places before others. Some of them may even be new, because the last
// run never got them. So each request that was made inside another one is noted, and looked at when all are back.

// An insideRequest was made inside parent.
type insideRequest struct{ id, parent wire.ID }

// noteInside notes a request that was made inside parent, if parent is not zero.
func (t *Table) noteInside(id, parent wire.ID) {
	if parent.IsZero() {
		return
	}
	if len(t.inside) > 2*t.open+64 { // most of them have ended
		t.charge(len(t.inside))
		known := t.inside[:0]
		for _, in := range t.inside {
			if t.find(in.id) != nil {
				known = append(known, in)
			}
		}
		t.inside = known
	}
	t.inside = append(t.inside, insideRequest{id, parent})
}

// statedParents returns the parents of the requests that are still to be looked at. The parents may not be back.
func (t *Table) statedParents() map[wire.ID]wire.ID {
	if len(t.inside) == 0 {
		return nil
	}
	parents := make(map[wire.ID]wire.ID, len(t.inside))
	for _, in := range t.inside {
		parents[in.id] = in.parent
	}
	return parents
}

// EndReclaiming must be called after the last Reclaim and Requeue, before anything is granted. Then the caller calls
// Revisit while IsRevisiting.
func (t *Table) EndReclaiming() {
	if !t.reclaiming {
		return
	}
	t.reclaiming, t.reclaimed = false, nil
	t.charge(len(t.inside))
	for _, in := range t.inside { // first all of them, because a search looks at those around it
		if r := t.find(in.id); r != nil {
			t.putInside(r, t.parentFor(r.session, in.parent))
		}
	}
}

// IsReclaiming reports whether requests of the last run may still come: EndReclaiming has not been called.
func (t *Table) IsReclaiming() bool { return t.reclaiming }

// IsRevisiting reports whether there are requests that Revisit must look at. Meanwhile others may be granted.
func (t *Table) IsRevisiting() bool { return len(t.inside) > 0 && !t.reclaiming && t.search == nil }

// Revisit looks whether the next request that was made inside another one could ever be granted, if it still waits. If
// so, it goes behind all others in its queues; its events say that it is Gone, and then Queued again. Otherwise it is
// refused. IsRevisiting must be true.
func (t *Table) Revisit(now time.Duration, events []Event) []Event {
	events = t.advance(now, events)
	if len(t.recheck) > 0 && t.granting() {
		return events // what can be granted comes first, because the request leaves its queues
	}
	in := t.inside[0]
	if t.inside = t.inside[1:]; len(t.inside) == 0 {
		t.inside = nil
	}
	r := t.find(in.id)
	if r == nil || r.state != waiting || r.outer == nil || r.outer.parent == nil || r.session.leaving {
		return events
	}
	parent, saved := r.outer.parent, t.save(r)
	events = t.end(r, Event{Kind: Gone}, events)
	again := &Acquire{
		ID: saved.ID, Locks: saved.Locks, Author: saved.Author, Parent: in.parent,
		Wait: saved.Wait, Hold: saved.Hold,
	}
	events = t.finishSearch(t.beginSearch(t.newRequest(r.session, again), parent, again, events))
	t.unmark(whole)
	return t.grantWaiting(events) // others may have waited behind it
}

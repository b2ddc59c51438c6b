package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// The grant rule. A request is granted if, at each of its locks,
//
//  1. the holders and the request together are no more than the least limit among them
//     (fits);
//  2. no earlier request waits; and
//  3. no steal is taking the lock.
//
// A request of a session that is absent is not granted (absent.go). Any other is then granted
// on all of its locks at once. Nothing at all is granted while there is no fencing token, or
// after the table has been shut (granting).
//
// Three functions apply the rule. isFree applies it to a request that has just come, and
// isGrantable to one that waits. hasRoom leaves out rule 2, to tell a caller why it was refused.
// Only grant makes a request a holder.

// granting reports whether the table grants anything now.
func (t *Table) granting() bool { return t.token < t.ceiling && !t.shut }

// fits reports whether one more holder with that limit may hold l.
func (t *Table) fits(l *lock, limit int) bool {
	return int(l.holding)+1 <= min(limit, t.limits.least(l))
}

// isFree is the grant rule for a request that has just come.
func (t *Table) isFree(locks []wire.LockSpec) bool {
	t.charge(len(locks))
	for _, spec := range locks {
		l := t.locks.get(spec.Name)
		if l != nil && (l.waiting > 0 || t.isTarget(l) || !t.fits(l, claimOf(spec).limit())) {
			return false
		}
	}
	return true
}

// isGrantable is the grant rule for a request that waits. A request that must end is still in
// its queues until a call ends it; it is not granted.
func (t *Table) isGrantable(r *request) bool {
	if r.isEnding(t.now) || r.session.absent {
		return false
	}
	for i := range r.places() {
		p := &r.places()[i]
		if p.lock.queue.first != p || t.isTarget(p.lock) || !t.fits(p.lock, p.limit()) {
			return false
		}
	}
	return true
}

// hasRoom reports whether a request for these locks could be granted if nobody waited.
func (t *Table) hasRoom(locks []wire.LockSpec) bool {
	t.charge(len(locks))
	for _, spec := range locks {
		if l := t.locks.get(spec.Name); l != nil && (t.isTarget(l) || !t.fits(l, claimOf(spec).limit())) {
			return false
		}
	}
	return true
}

// A head is a request at the head of a queue, ordered by arrival.
type head struct{ *request }

func (h head) before(other head) bool { return h.arrival < other.arrival }
func (h head) setIndex(i int)         { h.recheckIndex = int32(i) }

// recheckHead notes that the head of l's queue may have become grantable. grantWaiting then looks
// at it.
func (t *Table) recheckHead(l *lock) {
	if first := l.queue.first; first != nil && first.request.recheckIndex < 0 {
		t.recheck.add(head{first.request})
	}
}

// grantWaiting grants the requests that can be granted at the locks that have changed, in the
// order of arrival, or one slice of them.
//
// A grant brings new heads to the front, and all of them have arrived later. It never makes
// room, so a head that does not fit need not be looked at again.
func (t *Table) grantWaiting(events []Event) []Event {
	for len(t.recheck) > 0 && t.granting() && t.grantRoom > 0 {
		r := t.recheck.pop().request
		t.grantRoom -= len(r.places())
		t.charge(len(r.places()))
		if r.state != waiting || !t.isGrantable(r) {
			continue
		}
		events = t.finishSearchOn(r, events)
		for i := range r.places() {
			p := &r.places()[i]
			p.lock.dequeue(p)
			t.recheckHead(p.lock)
		}
		r.session.removeWaiting(r)
		t.clearDeadline(r)
		events = t.grant(r, events)
	}
	return events
}

// grant makes r, which is in no queue, a holder of all its locks, with the next token.
func (t *Table) grant(r *request, events []Event) []Event {
	waited := t.now - r.since
	t.hold(r, t.token)
	t.token++
	return append(events, Event{Kind: Granted, ID: r.id(), Token: r.token, Lasted: waited, request: r})
}

// hold makes r, which is in no queue, a holder of all its locks with that token.
func (t *Table) hold(r *request, token int64) {
	r.state, r.since, r.token = holding, t.now, token
	t.countHeld(r, +1)
	for i := range r.places() {
		p := &r.places()[i]
		t.addHolder(p)
		p.lock.grants++
	}
	t.charge(placeCost * len(r.places()))
	r.session.addHolding(r)
	if r.hold > 0 {
		t.setDeadline(r, t.now+r.hold)
	}
}

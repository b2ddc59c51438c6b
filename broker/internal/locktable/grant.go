package locktable

import (
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A head is the request at the head of some queue, ordered by arrival.
type head struct{ *request }

func (h head) before(other head) bool { return h.arrival < other.arrival }
func (h head) setIndex(i int)         { h.freedIndex = int32(i) }

// freedAt notes that what keeps the head of l waiting may have gone; settle looks.
func (t *Table) freedAt(l *lock) {
	if first := l.queue.first; first != nil && first.request.freedIndex < 0 {
		t.freed.add(head{first.request})
	}
}

// grants reports whether anything may be granted now.
func (t *Table) grants() bool { return t.token < t.ceiling && !t.shut }

// Allow lets tokens be given out up to ceiling, which never decreases and does
// not count among them, and grants what has waited for that. So nothing is
// granted before its token is known to be greater than all before, whatever
// happens. With very many that have waited, the first slice is granted at once.
func (t *Table) Allow(now time.Duration, ceiling int64, events []Event) []Event {
	events = t.advance(now, events)
	if ceiling < t.ceiling || ceiling > wire.MaxInteger+1 {
		panic("locktable: ceiling out of range: " + strconv.FormatInt(ceiling, 10))
	}
	if !t.grants() {
		events = t.finish(events) // what it is made for might be granted at once from now on
	}
	t.ceiling = ceiling
	return t.settle(t.goOnStealing(events))
}

// settle grants what can be granted at the locks that have changed, in order
// of arrival, or a slice of it. A grant brings new heads forward, all of them
// later arrivals; it never makes room, so a head that did not fit need not be
// looked at twice.
func (t *Table) settle(events []Event) []Event {
	for len(t.freed) > 0 && t.grants() && t.grantRoom > 0 {
		r := t.freed.pop().request
		t.grantRoom -= len(r.places())
		t.charge(len(r.places()))
		if r.state != waiting || !t.grantable(r) {
			continue
		}
		events = t.disturb(r, events)
		for i := range r.places() {
			p := &r.places()[i]
			p.lock.dequeue(p)
			t.freedAt(p.lock)
		}
		r.session.waiting.remove(r)
		t.clearDeadline(r)
		events = t.grant(r, events)
	}
	return events
}

// grantable is the grant rule for a request that waits. One whose time is over
// and that advance has not come to yet still has its place in its queues.
func (t *Table) grantable(r *request) bool {
	if r.isOver(t.now) {
		return false
	}
	for i := range r.places() {
		p := &r.places()[i]
		if p.lock.queue.first != p || t.isTaken(p.lock) || !t.fits(p.lock, p.limit()) {
			return false
		}
	}
	return true
}

// grant makes r, which is in no queue, the holder of all its locks.
func (t *Table) grant(r *request, events []Event) []Event {
	r.state, r.since = holding, t.now
	r.token = t.token
	t.token++
	t.held++
	for i := range r.places() {
		p := &r.places()[i]
		t.addHolder(p)
		p.lock.grants++
	}
	t.charge(placeCost * len(r.places()))
	r.session.holding.append(r)
	if r.hold > 0 {
		t.setDeadline(r, t.now+r.hold)
	}
	return append(events, Event{Kind: Granted, ID: r.id(), Token: r.token, request: r})
}

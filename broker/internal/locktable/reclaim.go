package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// After a crash, a client says what it holds and waits for, and the table takes it in: Reclaim for a holder, Requeue
// for a waiter. Nothing must have been granted by the table yet.

// Reclaim makes a request hold that held in the last run. Its session must be open. If others have already reclaimed a
// lock so that it does not fit, the greatest token is right: the others lose theirs, and if one of theirs is greater,
// Reclaim returns false and changes nothing. So it does if another request has had that token.
func (t *Table) Reclaim(now time.Duration, saved Saved, events []Event) (_ []Event, ok bool) {
	events = t.advance(now, events)
	wrong, ok := t.contradicted(saved)
	if !ok || t.reclaimed[saved.Token] {
		return events, false
	}
	t.reclaimed[saved.Token] = true
	for _, r := range wrong {
		if r.state == holding { // it may be in the way at two locks
			events = t.end(r, Event{Kind: Lost, Lost: wire.LostStolen, Message: reclaimedBy}, events)
		}
	}
	s := t.openSession(saved.ID.Session)
	r := t.newRequest(s, &Acquire{ID: saved.ID, Locks: saved.Locks, Author: saved.Author, Hold: saved.Hold})
	t.register(r, t.parentFor(s, saved.Parent), saved.Locks)
	t.noteInside(saved.ID, saved.Parent)
	t.hold(r, saved.Token)
	r.since = now - saved.Age
	t.sortHolder(r)
	return events, true
}

const reclaimedBy = "after a crash of the broker, another client has claimed the lock with a greater token"

// contradicted returns the holders that cannot hold together with saved and are wrong. It returns false if saved is.
func (t *Table) contradicted(saved Saved) (wrong []*request, ok bool) {
	for _, spec := range saved.Locks {
		l := t.locks.get(spec.Name)
		if l == nil || t.fits(l, claimOf(spec).limit()) {
			continue
		}
		for p := l.holders.first; p != nil; p = p.next {
			t.charge(1)
			if p.request.token >= saved.Token {
				return nil, false
			}
			wrong = append(wrong, p.request)
		}
	}
	return wrong, true
}

// sortHolder moves r, which holds, to its place in the order of the tokens.
func (t *Table) sortHolder(r *request) {
	r.session.holding.remove(r)
	t.charge(r.session.holding.insert(r, func(other *request) bool { return other.token < r.token }))
	for i := range r.places() {
		p := &r.places()[i]
		p.lock.holders.remove(p)
		t.charge(p.lock.holders.insert(p, func(other *place) bool { return other.request.token < r.token }))
	}
}

const (
	// arrivalsAfterCrash is the number of arrivals at which a run begins that takes in waiters of the last one.
	// Theirs are below it. All are below 2^53, because clients see them.
	arrivalsAfterCrash = 1 << 48
	// agesApart is how many waiters there can be whose ages are the same in units of ageUnit.
	agesApart = 1 << 20
	ageUnit   = 10 * time.Millisecond
	maxAge    = arrivalsAfterCrash/agesApart - 1
)

// BeginReclaiming must be called before the first Reclaim or Requeue, and before anything has arrived.
func (t *Table) BeginReclaiming() {
	t.arrivals, t.reclaiming, t.reclaimed = arrivalsAfterCrash, true, make(map[int64]bool)
}

// Requeue makes a request wait that waited in the last run. Its session must be open. Its place is before that of all
// requests that have waited for less time, and of all that this run has got from clients.
func (t *Table) Requeue(now time.Duration, saved Saved, events []Event) []Event {
	events = t.advance(now, events)
	s := t.openSession(saved.ID.Session)
	r := t.newRequest(s, &Acquire{ID: saved.ID, Locks: saved.Locks, Author: saved.Author, Hold: saved.Hold})
	t.register(r, t.parentFor(s, saved.Parent), saved.Locks)
	t.noteInside(saved.ID, saved.Parent)
	t.enqueueByAge(r, &saved)
	return append(events, Event{Kind: Queued, ID: saved.ID, request: r})
}

// enqueueByAge puts r, which waited in the last run, at its place in the queues.
func (t *Table) enqueueByAge(r *request, saved *Saved) {
	t.requeued++
	begin := saved.Age - t.now // how long it had waited when this run began
	age := min(max(int64(begin/ageUnit), 0), maxAge)
	r.arrival = arrivalsAfterCrash - agesApart*(age+1) + t.requeued%agesApart
	t.enqueue(r, saved.Wait)
	r.since = t.now - saved.Age
	s := r.session
	s.waiting.remove(r)
	t.charge(s.waiting.insert(r, func(other *request) bool { return other.arrival < r.arrival }))
	for i := range r.places() {
		p := &r.places()[i]
		p.lock.queue.remove(p)
		t.charge(p.lock.queue.insert(p, func(other *place) bool { return other.request.arrival < r.arrival }))
		t.recheckHead(p.lock)
	}
}

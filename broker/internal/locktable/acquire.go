package locktable

import (
	"math"
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An Acquire asks for locks. The caller must have checked it: it names at least one lock and none
// twice, and its ID belongs to an open session and has never been used.
type Acquire struct {
	ID     wire.ID
	Locks  []wire.LockSpec
	Author string
	// Wait is how long the request may wait: Forever, or 0 for not at all.
	Wait time.Duration
	// Hold is how long the request may hold. 0: without end.
	Hold time.Duration
	// Parent is the request inside which this one is made. It must hold. Zero: none.
	Parent wire.ID
	// Steal takes the locks from their holders, past all waiters. All locks must be exclusive
	// then, and there must be no Parent. If very many hold the locks, a later call grants it.
	Steal bool
	// By names the operator who steals, for the clients that lose their locks.
	By string
	// MaxWaiting is how many requests of the session's account may wait, if this one would have
	// to wait. 0: any number.
	MaxWaiting int
}

// Forever is a Wait without end.
const Forever time.Duration = math.MaxInt64

// Acquire grants, queues or refuses a request. It refuses with one of these codes:
//
//   - wire.ShuttingDown: the table has been shut;
//   - wire.TooMany: the request would exceed a limit (see [Event].Limit);
//   - wire.NotFound: the parent does not hold, or is not one that the session may name;
//   - wire.Unavailable: the request may not wait, and its locks are not free;
//   - wire.NotGranting: the request may not wait, and the table grants nothing now;
//   - wire.Deadlock: the request could never be granted.
//
// For a request with a parent the answer may come from a later call; see [Table.Searching].
func (t *Table) Acquire(now time.Duration, a Acquire, events []Event) []Event {
	events = t.advance(now, events)
	s := t.sessions.Get(a.ID.Session)
	if s == nil || s.leaving || s.absent || s.requests.get(a.ID.N) != nil {
		panic("locktable: acquire with an id that is not new: " + a.ID.String())
	}
	if t.Touches(a) {
		events = t.finishSearch(events)
	}

	parent, refusal := t.check(s, &a)
	if refusal.Code != "" {
		return append(events, refusal)
	}
	decision := t.decide(&a)
	switch {
	case decision == refuse:
		return append(events, t.unavailable(&a))
	case decision.waits() && a.MaxWaiting > 0 && t.waitingWith(s) >= a.MaxWaiting:
		return append(events, overLimit(a.ID, AccountWaiting, "too many requests wait"))
	}
	return t.apply(decision, t.newRequest(s, &a), parent, &a, events)
}

// check returns the parent of a. If a must be refused whatever the locks are, check returns the
// refusal; otherwise the refusal has no code.
func (t *Table) check(s *session, a *Acquire) (parent *request, refusal Event) {
	if t.shut && !s.outlives {
		return nil, refused(a.ID, wire.ShuttingDown, shutReason)
	}
	if most := t.config.MaxRequests; t.requestsOf(s) >= most {
		return nil, overLimit(a.ID, SessionRequests, "this session already has "+strconv.Itoa(most)+" requests")
	}
	if a.Parent.IsZero() {
		return nil, Event{}
	}
	if parent = t.parentFor(s, a.Parent); parent == nil {
		return nil, refused(a.ID, wire.NotFound, "parent is not held")
	}
	return parent, Event{}
}

// A decision says what to do with a request that has passed all checks.
type decision uint8

const (
	grantNow   decision = iota
	stealNow            // end the holders, then grant
	queue               // wait
	queueIfCan          // wait, if a deadlock search finds that it could be granted one day
	refuse              // it would have to wait, and may not
)

// waits reports whether the request will wait, if it is not refused after a search.
func (d decision) waits() bool { return d == queue || d == queueIfCan }

// decide decides about a.
func (t *Table) decide(a *Acquire) decision {
	switch {
	case t.granting() && a.Steal:
		return stealNow
	case t.granting() && t.isFree(a.Locks):
		return grantNow
	case a.Wait == 0 || a.Steal:
		return refuse
	case !a.Parent.IsZero():
		return queueIfCan
	}
	return queue
}

// apply carries out a decision about r, the request that a asks for.
func (t *Table) apply(d decision, r, parent *request, a *Acquire, events []Event) []Event {
	switch d {
	case grantNow:
		t.register(r, parent, a.Locks)
		return t.grantWaiting(t.grant(r, events))
	case stealNow:
		return t.grantWaiting(t.beginSteal(r, a, events))
	case queueIfCan:
		if !t.reclaiming {
			return t.beginSearch(r, parent, a, events)
		}
		t.noteInside(a.ID, a.Parent)
	}
	t.register(r, parent, a.Locks)
	t.enqueue(r, a.Wait)
	return append(events, Event{Kind: Queued, ID: a.ID, request: r})
}

// parentFor returns the request with that id if s may name it as a parent, otherwise nil.
//
// The parent must hold. It may be of another session, but only of the same identity: in a deadlock
// search, a request inside it keeps it from ending. It must not be of a session that has left,
// because such a session makes no more requests.
func (t *Table) parentFor(s *session, id wire.ID) *request {
	r := t.find(id)
	if r == nil || r.state != holding || r.session.leaving || r.session.peer.Identity != s.peer.Identity {
		return nil
	}
	return r
}

// requestsOf returns how many requests s has. It counts one for which a search is under way.
func (t *Table) requestsOf(s *session) int {
	if t.search != nil && t.search.candidate.session == s {
		return s.requests.len + 1
	}
	return s.requests.len
}

// unavailable refuses a, which may not wait. The code is wire.NotGranting if no holder is in the
// way and only the table grants nothing now. The difference matters to a caller that skips its
// work: perhaps nobody else is doing it.
func (t *Table) unavailable(a *Acquire) Event {
	if !t.granting() && (a.Steal || t.hasRoom(a.Locks)) {
		return refused(a.ID, wire.NotGranting, "nothing is granted now")
	}
	event := refused(a.ID, wire.Unavailable, "the locks are not free")
	event.Obstacle = t.obstacleFor(a.Locks)
	return event
}

// register gives r its place in the order of arrival, makes it known, and puts its names into
// use.
func (t *Table) register(r, parent *request, locks []wire.LockSpec) {
	t.charge(requestCost + placeCost*len(r.places()))
	t.arrivals++
	r.arrival = t.arrivals
	r.session.requests.add(r)
	t.putInside(r, parent)
	for i := range r.places() {
		r.places()[i].lock = t.use(locks[i].Name)
	}
	t.count(r, +1)
}

// enqueue puts r at the end of all its queues.
func (t *Table) enqueue(r *request, wait time.Duration) {
	r.state, r.since = waiting, t.now
	for i := range r.places() {
		p := &r.places()[i]
		p.lock.enqueue(p)
		if !t.granting() {
			t.recheckHead(p.lock) // otherwise nothing would look at it when the table grants again
		}
	}
	r.session.addWaiting(r)
	if wait < Forever {
		t.setDeadline(r, t.now+wait)
	}
}

package locktable

import (
	"math"
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An Acquire asks for locks. The caller has checked it: one lock at least, no
// name twice, an ID of an open session that was never used before.
type Acquire struct {
	ID     wire.ID
	Locks  []wire.LockSpec
	Author string
	// Wait is how long to wait: Forever, or 0 for not at all.
	Wait time.Duration
	// Hold is how long to hold at most; 0: as long as the holder likes.
	Hold time.Duration
	// Parent is a request that holds, inside which this one is made, or zero.
	Parent wire.ID
	// Steal takes the locks from who holds them, past all who wait; By is who
	// does that. All locks are exclusive then, and there is no parent. Where very many
	// hold them, the grant comes from a later call.
	Steal bool
	By    string
}

// Forever is a Wait without end.
const Forever time.Duration = math.MaxInt64

// Acquire grants, queues or refuses. It refuses with wire.ShuttingDown,
// wire.TooMany, wire.NotFound (the parent is not held), wire.Unavailable or
// wire.NotGranting (no waiting was allowed) or wire.Deadlock (waiting could never end). Of a
// request with a parent the answer may come later, from Search or another call: see Searching.
func (t *Table) Acquire(now time.Duration, a Acquire, events []Event) []Event {
	events = t.advance(now, events)
	s := t.sessions[a.ID.Session]
	if s == nil || s.leaving || s.requests.get(a.ID.N) != nil {
		panic("locktable: acquire with an id that is not new: " + a.ID.String())
	}
	if t.Touches(a) {
		events = t.finish(events)
	}
	if t.shut {
		return append(events, refused(a.ID, wire.ShuttingDown, shutReason))
	}
	if t.requestsOf(s) >= t.config.MaxRequests {
		return append(events, refused(a.ID, wire.TooMany, "this session has "+strconv.Itoa(t.config.MaxRequests)+" requests already"))
	}
	var parent *request
	if !a.Parent.IsZero() {
		if parent = t.parentFor(s, a.Parent); parent == nil {
			return append(events, refused(a.ID, wire.NotFound, "parent is not held"))
		}
	}
	free := t.grants() && (a.Steal || t.free(a.Locks))
	if !free && (a.Wait == 0 || a.Steal) {
		return append(events, t.unavailable(a))
	}
	r := t.newRequest(s, a)
	if !free && parent != nil {
		return t.ask(r, parent, a, events)
	}
	if a.Steal {
		return t.settle(t.steal(r, a, events))
	}
	t.admit(r, parent, a.Locks)
	if free {
		return t.settle(t.grant(r, events))
	}
	t.enqueue(r, a.Wait)
	return append(events, Event{Kind: Queued, ID: a.ID, request: r})
}

// parentFor is the request that s may name as a parent by that id, or nil. It holds, also if it is of another
// session, but of nobody else: what is made inside keeps it from ending, for those who look for
// deadlocks. A session that has left makes nothing inside any more.
func (t *Table) parentFor(s *session, id wire.ID) *request {
	r := t.find(id)
	if r == nil || r.state != holding || r.session.leaving || r.session.peer.Identity != s.peer.Identity {
		return nil
	}
	return r
}

// requestsOf is how many requests of s there are, with one for which a search is under way.
func (t *Table) requestsOf(s *session) int {
	if t.search != nil && t.search.asked.session == s {
		return s.requests.len + 1
	}
	return s.requests.len
}

// unavailable refuses a, which does not wait. Where it would be granted but for nothing
// being granted, it says so: nobody may do under the locks what the caller leaves undone.
func (t *Table) unavailable(a Acquire) Event {
	if !t.grants() && (a.Steal || t.hasRoom(a.Locks)) {
		return refused(a.ID, wire.NotGranting, "nothing is granted now")
	}
	event := refused(a.ID, wire.Unavailable, "the locks are not free")
	event.Obstacle = t.obstacle(a.Locks, nil)
	return event
}

// free reports whether a request for these locks could be granted as it comes:
// nobody waits on any of them, and it fits all of them.
func (t *Table) free(locks []wire.LockSpec) bool {
	t.charge(len(locks))
	for _, spec := range locks {
		l := t.locks.get(spec.Name)
		if l != nil && (l.waiting > 0 || t.isTaken(l) || !t.fits(l, claimOf(spec).limit())) {
			return false
		}
	}
	return true
}

// hasRoom reports whether those who hold these locks would let a request for them in.
func (t *Table) hasRoom(locks []wire.LockSpec) bool {
	t.charge(len(locks))
	for _, spec := range locks {
		if l := t.locks.get(spec.Name); l != nil && (t.isTaken(l) || !t.fits(l, claimOf(spec).limit())) {
			return false
		}
	}
	return true
}

// admit makes r known, and its names used.
func (t *Table) admit(r, parent *request, locks []wire.LockSpec) {
	t.charge(requestCost + placeCost*len(r.places()))
	t.arrivals++
	r.arrival = t.arrivals
	r.session.requests.add(r)
	t.join(r, parent)
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
		if !t.grants() {
			t.freedAt(p.lock) // or nobody would look when grants go on
		}
	}
	r.session.waiting.append(r)
	if wait < Forever {
		t.setDeadline(r, t.now+wait)
	}
}

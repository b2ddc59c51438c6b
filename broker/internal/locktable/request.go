package locktable

import (
	"math"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A session is one connection and the requests that it has made.
type session struct {
	name     string
	peer     wire.Peer
	requests requestSet              // by the n of session--n
	waiting  list[request, *request] // in order of arrival
	holding  list[request, *request] // in order of grant
	leaving  bool                    // being dropped: nothing of it is granted any more
}

type state uint8

const (
	waiting state = iota + 1
	holding
	ended
)

// A request is what an acquire made, until it ends.
type request struct {
	session *session
	n       int64
	author  string
	parent  *request // it may have ended since
	owner   *owner   // nil while nobody has joined it: the request is its own owner
	arrival int64    // place among all requests ever

	state state
	since time.Duration // in this state
	token int64         // once granted
	hold  time.Duration // how long it may hold; 0: as long as it likes

	due      time.Duration // when its state ends by itself, if it is among the deadlines
	dueIndex int           // its index among the deadlines, or -1

	look int64 // the last look at obstacles that saw it

	places []place
	one    [1]place // what places points to when there is one, to save an allocation

	links[request] // in its session's list of that state
}

// A place is where a request stands at one of its locks: in the queue while it
// waits, among the holders while it holds.
type place struct {
	request    *request
	lock       *lock
	mode       wire.Mode
	limit      int // infinite when there is none
	limitIndex int // its index in the lock's limits, or -1

	links[place]
}

// infinite is the limit of a shared request that names none.
const infinite = math.MaxInt

// An owner is who finishes or waits as one: a request and all that were made
// inside it. It lives as long as any of them does.
type owner struct {
	requests int
}

func (r *request) id() wire.ID { return wire.ID{Session: r.session.name, N: r.n} }

// before and setIndex order the deadlines: the earliest first, in order of
// arrival where they are equal.
func (r *request) before(other *request) bool {
	return r.due < other.due || r.due == other.due && r.arrival < other.arrival
}

func (r *request) setIndex(i int) { r.dueIndex = i }

// before and setIndex order the limits of a lock's holders: the least first.
func (p *place) before(other *place) bool { return p.limit < other.limit }
func (p *place) setIndex(i int)           { p.limitIndex = i }

func limitOf(spec wire.LockSpec) int {
	if spec.Mode == wire.Exclusive {
		return 1
	}
	return spec.Limit.Or(infinite)
}

// newRequest makes the request that a asks for; it is not yet known anywhere.
func newRequest(s *session, a Acquire, arrival int64, parent *request) *request {
	r := &request{
		session: s,
		n:       a.ID.N,
		author:  a.Author,
		parent:  parent,
		arrival: arrival,
		hold:    a.Hold,

		dueIndex: -1,
	}
	r.places = r.one[:]
	if len(a.Locks) > 1 {
		r.places = make([]place, len(a.Locks))
	}
	for i, spec := range a.Locks {
		r.places[i] = place{request: r, mode: spec.Mode, limit: limitOf(spec), limitIndex: -1}
	}
	return r
}

// join makes r belong to the owner of its parent.
func (r *request) join() {
	if r.parent == nil {
		return
	}
	if r.parent.owner == nil {
		r.parent.owner = &owner{requests: 1}
	}
	r.owner = r.parent.owner
	r.owner.requests++
}

// leave undoes join, and forgets the parent so that no chain of ended requests
// stays in memory behind a living one.
func (r *request) leave() {
	if r.owner != nil {
		r.owner.requests--
		r.owner = nil
	}
	r.parent = nil
}

// livingParent is the id of the parent while that lives, else zero.
func (r *request) livingParent() wire.ID {
	if r.parent == nil || r.parent.state == ended {
		return wire.ID{}
	}
	return r.parent.id()
}

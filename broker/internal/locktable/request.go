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
	leaving  bool                    // nothing of it is granted any more

	keep      time.Duration // until then what it holds stays, once it leaves
	keepIndex int           // its index among those that are kept, or -1
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
	arrival int64    // place among all requests ever

	owner      *owner // nil while nobody has joined it: the request is its own owner
	ownerIndex int    // its index among the owner's requests

	state state
	part  part          // in the reduction under way
	since time.Duration // in this state
	token int64         // once granted
	hold  time.Duration // how long it may hold; 0: as long as it likes

	due      time.Duration // when its state ends by itself, if it is among the deadlines
	dueIndex int           // its index among the deadlines, or -1

	freedIndex int // its index among the heads that settle has to look at, or -1

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
	milestone  bool // of its row
	limit      int  // infinite when there is none
	limitIndex int  // its index in the lock's limits, or -1

	links[place]
}

// rank is what the order of places goes by: where they hold the token, where they
// wait the arrival.
func (p *place) rank() int64 {
	if p.request.state == holding {
		return p.request.token
	}
	return p.request.arrival
}

// infinite is the limit of a shared request that names none.
const infinite = math.MaxInt

func (r *request) id() wire.ID { return wire.ID{Session: r.session.name, N: r.n} }

// before and setIndex order the sessions that are kept: who ends first.
func (s *session) before(other *session) bool {
	return s.keep < other.keep || s.keep == other.keep && s.name < other.name
}

func (s *session) setIndex(i int) { s.keepIndex = i }

// before and setIndex order the deadlines: the earliest first, in order of
// arrival where they are equal.
func (r *request) before(other *request) bool {
	return r.due < other.due || r.due == other.due && r.arrival < other.arrival
}

func (r *request) setIndex(i int) { r.dueIndex = i }

// isOver reports whether r is about to end, although that could not be done yet:
// its time is over, or its session leaves and keeps nothing.
func (r *request) isOver(now time.Duration) bool {
	return r.dueIndex >= 0 && r.due <= now || r.session.leaving && (r.state == waiting || r.session.keep <= now)
}

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

		dueIndex:   -1,
		freedIndex: -1,
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

// livingParent is the id of the parent while that lives, else zero.
func (r *request) livingParent() wire.ID {
	if r.parent == nil || r.parent.state == ended {
		return wire.ID{}
	}
	return r.parent.id()
}

package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A session is one connection and the requests that it has made.
type session struct {
	name     string
	peer     wire.Peer
	requests requestSet              // by the n of session--n
	waiting  list[request, *request] // and those that steal, in order of arrival
	holding  list[request, *request] // in order of grant
	leaving  bool                    // nothing of it is granted any more
	left     int64                   // since it leaves: which it was of all that have left
	reached  int64                   // the number of the last reduction that has come to it

	account   *Account      // in which its requests count, or nil
	keep      time.Duration // until then what it holds stays, once it leaves
	unkept    int64         // what it holds goes before that: since it left or was unkept, which of all; or 0
	keepIndex int           // its index among those that are kept, or -1
}

type state uint8

const (
	waiting state = iota + 1
	holding
	ended
	asking   // whether it could ever be granted, if it waited
	stealing // its locks, from all who hold them
)

// A request is what an acquire made, until it ends. There may be millions: with
// what all of them need it fills its 112 bytes, the rest is in extra.
type request struct {
	session *session
	n       int64
	arrival int64         // place among all requests ever
	since   time.Duration // in this state
	token   int64         // once granted

	*extra

	one [1]place // its only place, where it has one

	freedIndex int32 // its index among the heads that settle has to look at, or -1
	state      state
	part       part // in the reduction under way
	seen       bool // by the look at obstacles under way

	links[request] // in its session's list of that state, or among those that have ended
}

// An extra is what few requests have. Those that have nothing of it share one,
// [Table].plain, that is only read; [Table.extraOf] is for who writes.
type extra struct {
	author string
	in     *nest // that it is in; nil: it was made without a parent
	nest   *nest // its own; nil: nothing is inside it

	hold time.Duration // how long it may hold; 0: as long as it likes
	due  time.Duration // when its state ends by itself, if it is among the deadlines

	nestIndex int32 // its index in the nest that it is in
	dueIndex  int32 // its index among the deadlines, or -1

	several []place // its places, where it has more than one
}

// A place is where a request stands at one of its locks: in the queue while it
// waits, among the holders while it holds.
type place struct {
	request *request
	lock    *lock
	claim
	limitIndex int32 // its index in the limits of the lock, when it is among them

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

// places are where r stands, in the order in which it asked.
func (r *request) places() []place {
	if len(r.several) > 0 {
		return r.several
	}
	return r.one[:]
}

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

func (r *request) setIndex(i int) { r.dueIndex = int32(i) }

// isOver reports whether r is about to end, although that could not be done yet:
// its time is over, or its session leaves and keeps nothing.
func (r *request) isOver(now time.Duration) bool {
	return r.dueIndex >= 0 && r.due <= now || r.session.leaving && (r.state == waiting || !r.session.keeps(now))
}

// keeps reports whether what a session holds stays, once it leaves.
func (s *session) keeps(now time.Duration) bool { return s.keep > now && s.unkept == 0 }

// before and setIndex order the limits of a lock's holders: the least first.
func (p *place) before(other *place) bool { return p.claim < other.claim }
func (p *place) setIndex(i int)           { p.limitIndex = int32(i) }

// parentID is the id of the nearest request around r, or zero.
func (r *request) parentID() wire.ID {
	if r.in == nil || r.in.parent == nil {
		return wire.ID{}
	}
	return r.in.parent.id()
}

package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A state is how far a request has come.
type state uint8

const (
	waiting   state = iota + 1 // in the queues of its locks
	holding                    // among the holders of its locks
	ended                      // it will be reused
	undecided                  // in no queue: a deadlock search asks whether it may wait
	stealing                   // in no queue: it takes its locks from their holders
)

// A request is one acquire, until it has ended. There may be millions. With the fields that
// all of them need it fills its 112 bytes; the rest is in extra.
type request struct {
	session *session
	n       int64         // its id is session--n
	arrival int64         // its place in the order of arrival
	since   time.Duration // when its state began
	token   int64         // its fencing token, once it is granted

	*extra

	one [1]place // its place, if it has only one

	recheckIndex int32 // its index in Table.recheck, or -1
	state        state
	mark         mark // in the deadlock search under way
	counted      bool // by the obstacleScan under way
	striking     bool // it is in Table.strikes, or was

	links[request] // in a list of its session, or among those that have ended
}

// An extra holds the fields that few requests need. Requests that need none share [Table].plain,
// which is never written to; [Table.extraOf] returns an extra to write to.
type extra struct {
	author string
	outer  *nest // the nest that it is in; nil: it was made without a parent
	inner  *nest // the nest of the requests made inside it; nil: there are none

	hold time.Duration // how long it may hold; 0: without end
	due  time.Duration // its deadline, if it has one in its state

	nestIndex int32 // its index in outer
	dueIndex  int32 // its index among the deadlines of its state, or -1

	several []place // its places, if it has more than one
}

// places returns the places of r, in the order in which it named its locks.
func (r *request) places() []place {
	if len(r.several) > 0 {
		return r.several
	}
	return r.one[:]
}

func (r *request) id() wire.ID { return wire.ID{Session: r.session.name, N: r.n} }

// parentID returns the id of the nearest request around r, or the zero ID.
func (r *request) parentID() wire.ID {
	if r.outer == nil || r.outer.parent == nil {
		return wire.ID{}
	}
	return r.outer.parent.id()
}

// before and setIndex order requests by their deadlines, and equal deadlines by arrival.
func (r *request) before(other *request) bool {
	return r.due < other.due || r.due == other.due && r.arrival < other.arrival
}

func (r *request) setIndex(i int) { r.dueIndex = int32(i) }

// isEnding reports whether r must end at now, although a call has not done that yet: its
// deadline has come, or its session has left and does not keep it.
func (r *request) isEnding(now time.Duration) bool {
	return r.dueIndex >= 0 && r.due <= now ||
		r.session.leaving && (r.state == waiting || !r.session.keeps(now))
}

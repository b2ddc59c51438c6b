package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// A Kind says what happened to a request.
type Kind uint8

// The kinds of events. Queued and Granted are steps in the life of a request;
// the others end it, but Refused, which is the answer to a call that changed
// nothing.
const (
	Queued    Kind = iota + 1 // it waits
	Granted                   // it holds all its locks; Token is set
	Released                  // by its holder
	Cancelled                 // by its requestor, waiting or holding
	TimedOut                  // it has waited long enough; Reason and Obstacle are set
	Lost                      // it was held; Lost says how, and By and Message who did it and why
	Evicted                   // it was waiting; By and Message are set
	ShutDown                  // it was waiting, and nothing is granted any more; Reason is set
	Gone                      // its session was dropped
	Refused                   // Code and Reason are set, Obstacle with wire.Unavailable, Cycle with wire.Deadlock
)

// An Event is one thing that a call caused.
type Event struct {
	Kind     Kind
	ID       wire.ID
	Token    int64
	Code     wire.Code
	Reason   string // in words
	Lost     wire.LostReason
	By       string // who did it
	Message  string // why, in the words of who did it
	Obstacle *Obstacle
	Cycle    []wire.Step
	Theft    *Theft // with the grant of a steal, or its end before that

	request *request // nil with Refused
}

// Locks is how many locks the request has for others to see; none with Refused, and where
// a steal has ended before it was granted. It is to be called before the next call that takes
// the time, as Lock and Subject are.
func (e *Event) Locks() int {
	if e.request == nil || e.Theft != nil && e.Kind != Granted {
		return 0
	}
	return len(e.places())
}

// Lock is the name of one of the request's locks, counted from 0.
func (e *Event) Lock(i int) string { return e.places()[i].lock.name }

// Subject describes the request of an event as seen from one of its locks.
func (t *Table) Subject(e *Event, i int) wire.RequestInfo {
	return t.describe(&e.places()[i])
}

// places are those of the request, unless that has become another one since.
func (e *Event) places() []place {
	if e.request.session == nil || e.request.id() != e.ID {
		panic("locktable: an event that is too old: " + e.ID.String())
	}
	return e.request.places()
}

// An Obstacle says who was in the way of a request that was not granted.
type Obstacle struct {
	// Holders of its locks, the longest first lock by lock, each once, at most
	// wire.MaxHoldersTold.
	Holders []wire.RequestInfo
	// Ahead counts the requests that wait earlier on any of its locks, as far as
	// a look at wire.MaxAheadTold places of their queues tells.
	Ahead int
}

// String returns the kind as watchers are told it.
func (k Kind) String() string {
	switch k {
	case Queued:
		return string(wire.EventQueued)
	case Granted:
		return string(wire.EventGranted)
	case Released:
		return string(wire.EventReleased)
	case Cancelled:
		return string(wire.EventCancelled)
	case TimedOut:
		return string(wire.EventTimeout)
	case Lost:
		return string(wire.EventLost)
	case Evicted:
		return string(wire.EventEvicted)
	case ShutDown:
		return string(wire.EventShuttingDown)
	case Gone:
		return string(wire.EventGone)
	case Refused:
		return "refused"
	}
	return "unknown"
}

func refused(id wire.ID, code wire.Code, reason string) Event {
	return Event{Kind: Refused, ID: id, Code: code, Reason: reason}
}

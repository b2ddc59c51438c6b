package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// A Kind says what happened to a request.
type Kind uint8

// The kinds of events. Queued and Granted are steps in the life of a request;
// Cancelled, TimedOut, Released, Expired and Gone end it. Refused is the answer
// to a call that changed nothing.
const (
	Queued    Kind = iota + 1 // it waits
	Granted                   // it holds all its locks; Token is set
	Released                  // by its holder
	Cancelled                 // by its requestor, waiting or holding
	TimedOut                  // it has waited long enough; Reason and Obstacle are set
	Expired                   // it has held long enough
	Gone                      // its session was dropped
	Refused                   // Code and Reason are set, and Obstacle with wire.Unavailable
)

// An Event is one thing that a call caused.
type Event struct {
	Kind     Kind
	ID       wire.ID
	Token    int64
	Code     wire.Code
	Reason   string // in words, with TimedOut and Refused
	Obstacle *Obstacle
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

// String returns the kind in the words of the table's scripts.
func (k Kind) String() string {
	switch k {
	case Queued:
		return "queued"
	case Granted:
		return "granted"
	case Released:
		return "released"
	case Cancelled:
		return "cancelled"
	case TimedOut:
		return "timeout"
	case Expired:
		return "expired"
	case Gone:
		return "gone"
	case Refused:
		return "refused"
	}
	return "unknown"
}

func refused(id wire.ID, code wire.Code, reason string) Event {
	return Event{Kind: Refused, ID: id, Code: code, Reason: reason}
}

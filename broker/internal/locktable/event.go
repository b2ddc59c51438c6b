package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Kind is what happened to a request.
type Kind uint8

// The kinds of events. A request is Queued at most once, except by Revisit, and Granted at most once.
// Each other kind ends it, except Refused, which is the answer to a call that has changed nothing.
const (
	Queued    Kind = iota + 1 // it waits
	Granted                   // it holds all its locks; Token is set
	Released                  // its holder has released it
	Cancelled                 // its client has cancelled it, while it waited or held
	TimedOut                  // its wait has passed; Reason and Obstacle are set
	Lost                      // it held, and lost its locks; Lost is set, By and Message may be
	Evicted                   // it waited, and was evicted; By and Message are set
	Forbidden                 // it waited, and its client may no longer make it; Reason is set
	ShutDown                  // it waited, and the table was shut; Reason is set
	Gone                      // its session has left
	Refused                   // Code and Reason are set; Obstacle with Unavailable, Cycle with Deadlock
)

// An Event is one thing that a call has caused.
type Event struct {
	Kind     Kind
	ID       wire.ID
	Token    int64           // the fencing token of a grant
	Lasted   time.Duration   // how long it had waited, if it was granted; or waited or held, if it has ended
	Held     bool            // it held when it ended; otherwise it waited
	Code     wire.Code       // why it was refused
	Reason   string          // why, in words
	Limit    Limit           // which limit it would have exceeded, with wire.TooMany
	Lost     wire.LostReason // how it lost its locks
	By       string          // who evicted it or stole from it
	Message  string          // why, in the words of By
	Obstacle *Obstacle       // who was in the way
	Cycle    []wire.Step     // the cycle of a deadlock, or its first steps if it is larger than the budget
	Steps    int             // how many steps the whole cycle has
	Quiet    bool            // its client wants no reply; the table never sets this
	Steal    *Steal          // with the grant of a steal, or its end before that: its victims

	request *request // nil with Refused
}

// A Limit is what a request that was refused with wire.TooMany would have exceeded.
type Limit uint8

// The limits of the table.
const (
	SessionRequests Limit = iota + 1 // [Config].MaxRequests
	AccountWaiting                   // [Acquire].MaxWaiting
	SearchLength                     // how long a deadlock search may be
)

// Locks returns how many locks the request shows to others. It returns 0 for a refusal, and
// for a steal that has ended before it was granted.
//
// Locks, Lock and [Table.Subject] must be called before the next call that is given the time.
func (e *Event) Locks() int {
	if e.request == nil || e.Steal != nil && e.Kind != Granted {
		return 0
	}
	return len(e.places())
}

// Lock returns the name of the request's ith lock, counted from 0.
func (e *Event) Lock(i int) string { return e.places()[i].lock.name }

// Subject describes the request of an event as seen from its ith lock.
func (t *Table) Subject(e *Event, i int) wire.RequestInfo {
	return t.describe(&e.places()[i])
}

// places returns the places of the request. It panics if the request has been reused since.
func (e *Event) places() []place {
	if e.request.session == nil || e.request.id() != e.ID {
		panic("locktable: an event that is too old: " + e.ID.String())
	}
	return e.request.places()
}

// String returns the kind as watchers see it.
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
	case Forbidden:
		return string(wire.EventForbidden)
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

func overLimit(id wire.ID, limit Limit, reason string) Event {
	return Event{Kind: Refused, ID: id, Code: wire.TooMany, Reason: reason, Limit: limit}
}

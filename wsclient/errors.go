package wsclient

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// These are the errors of calls; test for them with errors.Is. The first ten are refusals, about which an
// *[Error] has details.
var (
	ErrBadRequest   = errors.New("bad request")          // no broker accepts this name, option or address
	ErrTimeout      = errors.New("timeout")              // Wait has passed
	ErrUnavailable  = errors.New("unavailable")          // TryAcquire: the lock is not free
	ErrNotGranting  = errors.New("not granting")         // TryAcquire or Steal: the broker grants nothing to anyone
	ErrDeadlock     = errors.New("deadlock")             // the request could never be granted
	ErrEvicted      = errors.New("evicted")              // an operator ended the request
	ErrNotFound     = errors.New("not found")            // there is no such request
	ErrForbidden    = errors.New("forbidden")            // the broker does not permit it
	ErrTooMany      = errors.New("too many requests")    // a limit of the broker was reached
	ErrShuttingDown = errors.New("shutting down")        // the broker is about to stop
	ErrReleased     = errors.New("lock was released")    // the cause of a context whose lock was released
	ErrLost         = errors.New("lock was lost")        // the cause of a context whose lock was lost: a *LostError
	ErrClosed       = errors.New("client was closed")    // Close or Drain has closed the client
	ErrConnection   = errors.New("connection has ended") // there is none, or it ended other than by Close or Drain
)

// sentinel returns the error that stands for a code, or nil if a caller would not treat that code in a
// special way.
func sentinel(code wire.Code) error {
	switch code {
	case wire.BadRequest:
		return ErrBadRequest
	case wire.Timeout:
		return ErrTimeout
	case wire.Unavailable:
		return ErrUnavailable
	case wire.NotGranting:
		return ErrNotGranting
	case wire.Deadlock:
		return ErrDeadlock
	case wire.WasEvicted:
		return ErrEvicted
	case wire.NotFound:
		return ErrNotFound
	case wire.Forbidden:
		return ErrForbidden
	case wire.TooMany:
		return ErrTooMany
	case wire.ShuttingDown:
		return ErrShuttingDown
	}
	return nil
}

// An Error is a refusal by the broker. An ErrBadRequest may also come from the client, which does not send
// what every broker refuses.
type Error struct {
	Code    wire.Code // as in the protocol, such as "timeout"; to compare, use errors.Is
	Message string
	// By says who evicted the request, with ErrEvicted.
	By string
	// Holders lists holders of the locks, at most 8. Ahead is the number of requests that wait before
	// this one; 1000 means 1000 or more. Both are set with ErrTimeout and ErrUnavailable.
	Holders []RequestInfo
	Ahead   int
	// Cycle lists the requests that wait for one another, with ErrDeadlock.
	Cycle []Step

	session string // of the request
}

func errorFrom(m *wire.Error) *Error {
	return &Error{
		Code: m.Code, Message: m.Message, By: m.By,
		Holders: m.Holders, Ahead: m.Ahead.Or(0), Cycle: m.Cycle, session: m.ID.Session,
	}
}

func badRequest(err error) *Error {
	return &Error{Code: wire.BadRequest, Message: err.Error()}
}

// Is makes errors.Is(err, ErrTimeout) and the like work.
func (e *Error) Is(target error) bool { return target == sentinel(e.Code) }

// Error says why the request was refused and, if that is known, who holds the lock, or which requests wait
// for one another. If this client itself holds the lock, it says so.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString(printable.Text(string(e.Code)) + blame(e.By, e.Message))
	if len(e.Holders) > 0 {
		text.WriteString("; " + heldBy(e.Holders, e.session))
	}
	if e.Ahead > 0 {
		fmt.Fprintf(&text, "; %d ahead", e.Ahead)
	}
	if isOwn(e.Holders, e.session) {
		text.WriteString(ownHint)
	}
	if len(e.Cycle) > 0 {
		text.WriteString(": " + explain(e.Cycle, true))
	}
	return text.String()
}

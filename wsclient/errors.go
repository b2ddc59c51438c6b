package wsclient

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
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
	ErrConnection   = errors.New("connection has ended") // the connection ended, and not by Close or Drain
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
}

func errorFrom(m *wire.Error) *Error {
	return &Error{
		Code: m.Code, Message: m.Message, By: m.By,
		Holders: m.Holders, Ahead: m.Ahead.Or(0), Cycle: m.Cycle,
	}
}

func badRequest(err error) *Error {
	return &Error{Code: wire.BadRequest, Message: err.Error()}
}

// Is makes errors.Is(err, ErrTimeout) and the like work.
func (e *Error) Is(target error) bool { return target == sentinel(e.Code) }

// Error says why the request was refused and, if that is known, who holds the lock, or which requests wait
// for one another.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString(printable.Text(string(e.Code)) + blame(e.By, e.Message))
	for i, h := range e.Holders {
		if i == 0 {
			text.WriteString("; held by ")
		} else {
			text.WriteString(", ")
		}
		text.WriteString(describe(h))
	}
	if e.Ahead > 0 {
		fmt.Fprintf(&text, "; %d ahead", e.Ahead)
	}
	if len(e.Cycle) > 0 {
		text.WriteString(": " + explain(e.Cycle, true))
	}
	return text.String()
}

// A LostReason says how a lock was lost.
type LostReason string

// The reasons of a [LostError].
const (
	LostConnection LostReason = "connection" // the connection has ended
	LostLease      LostReason = "lease"      // the broker has not answered for too long
	LostClosed     LostReason = "closed"     // the client was closed
	LostExpired    LostReason = "expired"    // Hold has passed
	LostStolen     LostReason = "stolen"     // another request took the lock with Steal
	LostEvicted    LostReason = "evicted"    // an operator ended the request
)

// A LostError says that a lock was lost, and why: it is no longer held although it was not released.
// errors.Is(err, [ErrLost]) is true for it.
type LostError struct {
	Reason LostReason
	// By and Message say who stole the lock or evicted its holder, and why, if the broker said so.
	By, Message string
	// Err says why the connection ended, with LostConnection, LostLease and LostClosed.
	Err error

	lease core.Lease // of the connection, with LostConnection and LostLease
	clock *clock     // of the client
}

// Left returns for how long from now the broker will not grant the lock to others, if it has not noticed that
// the connection has ended. A holder can use this time to stop. If Left is 0 or less, another request may
// hold the lock.
//
// With LostLease, the broker has not noticed. With LostConnection, it grants the lock to others as soon as it
// notices, unless it has a lock delay, or the broker itself has ended and has a state directory. With any
// other reason, another request may hold the lock already, and Left is 0.
func (e *LostError) Left() time.Duration {
	if e.lease.Timeout == 0 {
		return 0
	}
	return e.lease.Kept(e.clock.now())
}

// Is makes errors.Is(err, ErrLost) work.
func (e *LostError) Is(target error) bool { return target == ErrLost }

// Unwrap returns Err.
func (e *LostError) Unwrap() error { return e.Err }

// Error says how the lock was lost.
func (e *LostError) Error() string {
	text := ErrLost.Error()
	if e.Reason != LostConnection || e.Err == nil { // otherwise Err says enough
		text += ": " + string(e.Reason) + blame(e.By, e.Message)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

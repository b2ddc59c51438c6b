package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// How says how a request, a connection or the client has ended.
type How uint8

const (
	// Released is the end of a request that its caller has released.
	Released How = iota + 1
	// Cancelled is the end of a request whose caller no longer wants it.
	Cancelled
	// Refused is the end of a request that the broker has refused: see Refusal.
	Refused
	// Invalid is the end of a request that is not sent, because it breaks a rule of the client or a limit of the
	// broker: see Err.
	Invalid
	// TimedOut is the end of a request whose wait was over while it was pending. Because is the end of the last
	// connection, or nil if the client is connected to a broker that drains.
	TimedOut
	// Lost is the end of a request that held: see Request and Reason. Because is the end of the connection, if that
	// is the reason.
	Lost
	// OuterLost is the end of a request inside another one that no longer holds its lock. Because says why that
	// one does not.
	OuterLost
	// Disconnected is the end of a connection, and of the requests that ended with it: see Reason and Err.
	Disconnected
	// Closed is the end of the client, and of the requests that ended with it. Err says why. It is nil if the
	// owner of the client has closed or drained it. Because is the end of the last connection, if the client has
	// ended because it could not take up its session.
	Closed
)

// A Reason says why a lock is lost, or why a connection has ended.
type Reason string

// The reasons that the client itself gives. For those that the broker sends, see wire.LostReason.
const (
	ReasonConnection Reason = "connection" // the connection has ended
	ReasonLease      Reason = "lease"      // the lease has ended
	ReasonClosed     Reason = "closed"     // the client was closed
	ReasonExpired    Reason = "expired"    // the request has held for its Hold
)

// An End says how a request, a lock, a connection or the client has ended. Once it is made, only Error changes.
type End struct {
	How         How
	Refusal     *wire.Error
	Reason      Reason
	By, Message string // who has evicted or stolen the lock, and why
	Err         error  // the cause, as the machine's caller gave it, or what is invalid
	Because     *End   // the end that caused this one
	Lease       Lease  // of the connection, if How is Disconnected
	Code        int    // with which the broker has closed the connection; 0: it has not
	Moved       bool   // the broker has said that the session can be taken up on another connection
	Unanswered  bool   // the client has given up the connection, because the broker was silent: see noanswer.go
	// Request is the request that held, if How is Lost. Requests that borrowed its locks end with the same End.
	Request *Request
	// Late is how long before the step the lock was lost or the lease ended. It is 0 if that happened in the step,
	// and more if the step came late, for example because the process was frozen.
	Late time.Duration

	// Error is for the machine's caller. It keeps here the error that it has made from the end, so that all callers
	// affected by the end get the same error. The machine does not look at it.
	Error error
}

package core

import "github.com/lockbroker/lockbroker/broker/wire"

// How says how a request or a connection has ended.
type How uint8

const (
	// Released is the end of a request that its caller has released.
	Released How = iota + 1
	// Cancelled is the end of a request whose caller no longer wants it.
	Cancelled
	// Refused is the end of a request that the broker has refused: see Refusal.
	Refused
	// Invalid is the end of a request that this broker would refuse, so that it is not sent: see Err.
	Invalid
	// TimedOut is the end of a request whose wait was over while it was pending. Because is the end of the last
	// connection; nil: there is one, whose broker drains.
	TimedOut
	// Lost is the end of a request that held: see Reason. Because is the end of the connection, if that
	// is the reason.
	Lost
	// OuterLost is the end of a request inside another one that no longer holds. Because is the end of
	// that.
	OuterLost
	// Disconnected is the end of a connection, and of the requests that ended with it: see Reason and
	// Err.
	Disconnected
	// Closed is the end of the client, and of the requests that ended with it. Err is why; nil: its owner has
	// closed or drained it.
	Closed
)

// A Reason says why a lock is lost, or why a connection has ended.
type Reason string

// The reasons that do not come from the broker. It has others; see wire.LostReason.
const (
	ReasonConnection Reason = "connection" // the connection has ended
	ReasonLease      Reason = "lease"      // the lease has ended
	ReasonClosed     Reason = "closed"     // the client was closed
	ReasonExpired    Reason = "expired"    // the hold of the request is over
)

// An End says how a request, a lock or a connection has ended. Once it is made, only Error changes.
type End struct {
	How         How
	Refusal     *wire.Error
	Reason      Reason
	By, Message string // who has evicted or stolen the lock, and why
	Err         error  // what the caller of the machine gave as the cause
	Because     *End   // the end that has caused this one
	Lease       Lease  // of the connection, if How is Disconnected

	// Error is for the caller, who keeps here the error that it has made of the end, so that all whom the end
	// concerns get the same one. The machine does not look at it.
	Error error
}

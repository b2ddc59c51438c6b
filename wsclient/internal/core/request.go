package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap"
)

// A Request is one acquire, from the call until it has ended. The caller fills in the exported fields and passes it
// to [Machine.Acquire]. After that only the machine may change it.
type Request struct {
	Owner any           // for the caller; the machine does not look at it
	What  wire.Acquire  // the locks wanted, and more; the machine sets the id, and removes borrowed locks
	Wait  time.Duration // 0: for ever
	Hold  time.Duration // 0: no end
	// MinHold is the minimum time for which the broker must see r hold, even if the caller releases it sooner. It
	// is not greater than Hold, if there is one.
	MinHold time.Duration
	// Async says that the caller does not wait until the broker has confirmed the release.
	Async bool
	Once  bool     // it does not wait, so it is never submitted twice
	Outer *Request // the innermost request that encloses the call, of any client, or nil

	machine *Machine
	state   state
	claimed bool          // its caller has claimed the lock
	until   time.Duration // when its wait is over; 0: never
	term    term
	order   int64    // among all requests of the client; 0: it was never open
	parent  *Request // the parent that the broker was told; nil: What.Parent
	token   int64
	end     *End // how it has ended, or nil
	cause   *End // why its lock is no longer held, or nil; the first cause counts

	call      int64                   // its number among the requests that borrow; 0: it does not borrow
	lenders   []*Request              // the requests that it borrows from, one for each borrowed lock
	borrowers shrinkmap.Map[*Request] // the requests that borrow from it, by call

	unconfirmed unconfirmed // its place among the releases that the broker has not confirmed, if it is Async

	due   time.Duration // when it is due, if it is among the deadlines
	place int           // its index in the deadlines, plus 1; 0: it has no deadline
}

// state is what has become of a request. doc.go has the table.
type state uint8

const (
	created    state = iota // Acquire was not called yet, or has refused it
	covered                 // enclosing requests hold all its locks; it is never sent
	pending                 // it waits for a connection
	waiting                 // it was sent, and waits
	holding                 // it was granted
	lingering               // its caller has released it, and its release is sent when its MinHold has passed
	releasing               // a release is on its way; nobody may be waiting for the answer: see async.go
	cancelling              // a cancel is on its way; a grant that crosses it is ignored
	ended                   // see Request.end
)

// End returns how the request has ended, or nil.
func (r *Request) End() *End { return r.end }

// Cause returns why the lock of the request is no longer held, or nil while it is.
func (r *Request) Cause() *End { return r.cause }

// IsHolding reports whether the broker has granted the request, and it was not released, cancelled or lost since.
func (r *Request) IsHolding() bool { return r.state == holding }

// IsReleasedEarly reports whether the caller has released the request and need not wait for the broker: the request
// lingers, or it is Async and its release is on its way.
func (r *Request) IsReleasedEarly() bool { return r.state == lingering || r.isUnconfirmed() }

// IsCovered reports whether enclosing requests hold all locks of a request that Acquire has accepted. Once Acquire or
// Settle has given the caller the lock, IsCovered, Token and ID may be called concurrently with steps.
func (r *Request) IsCovered() bool { return r.order == 0 && len(r.lenders) > 0 }

// Token returns the fencing token. For a covered request it is the greatest token of the lenders.
func (r *Request) Token() int64 {
	token := r.token
	if r.IsCovered() {
		for _, lender := range r.lenders {
			token = max(token, lender.Token())
		}
	}
	return token
}

// ID returns the id of the request. For a covered request, which is never sent, it is the id of a lender.
func (r *Request) ID() wire.ID {
	if r.IsCovered() {
		return r.lenders[0].ID()
	}
	return r.What.ID
}

// isLate reports whether the request has waited for as long as it may.
func (r *Request) isLate(at Instant) bool { return r.until > 0 && at.Mono >= r.until }

// canMove reports whether the request may be submitted on another connection. A request that does not wait may not.
// Nor may one inside a lock, because that lock ends with its connection.
func (m *Machine) canMove(r *Request) bool {
	return !r.Once && m.enclosing(r) == nil && !m.config.NoReconnect
}

package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap"
)

// A Request is one acquire, from the call until it has ended. The caller fills in the exported fields and
// passes it to [Machine.Acquire]. After that only the machine may change it.
type Request struct {
	Owner any           // for the caller; the machine does not look at it
	What  wire.Acquire  // what is wanted; the machine fills in the id, and removes the locks that it can borrow
	Wait  time.Duration // 0: for ever
	Hold  time.Duration // 0: no end
	Once  bool          // it does not wait, so it is never submitted twice
	Outer *Request      // the innermost request that encloses the call, of any client, or nil

	machine *Machine
	state   state
	claimed bool // its caller knows that it holds
	until   time.Duration
	term    term
	order   int64    // among all requests of the client; 0: it was never open
	parent  *Request // as the broker was told; nil: What.Parent
	token   int64
	end     *End // how it has ended, or nil
	cause   *End // why its lock is no longer held, or nil; the first cause counts

	call      int64                   // among all that borrow; 0: it does not
	lenders   []*Request              // those that hold some of what was wanted
	borrowers shrinkmap.Map[*Request] // those that it is a lender of, by call

	due   time.Duration // when it is due, if it is among the deadlines
	place int           // among the deadlines, counted from 1; 0: it has no deadline
}

// state is what has become of a request. doc.go has the table.
type state uint8

const (
	created    state = iota // Acquire was not called yet, or has refused it
	covered                 // enclosing requests hold all that it wants; it is never sent
	pending                 // it waits for a connection
	waiting                 // it was sent, and waits
	holding                 // it was granted
	releasing               // a release is on its way
	cancelling              // a cancel is on its way; a grant that crosses it means nothing
	ended                   // see Request.end
)

// End returns how the request has ended, or nil.
func (r *Request) End() *End { return r.end }

// Cause returns why the lock of the request is no longer held, or nil while it is.
func (r *Request) Cause() *End { return r.cause }

// IsHolding reports whether the broker has granted the request, and nothing has ended it.
func (r *Request) IsHolding() bool { return r.state == holding }

// IsCovered reports whether enclosing requests hold all that was wanted, if Acquire has accepted the request. Like
// Token and ID it may be called concurrently with steps, once Acquire or Claim has let the caller have the lock.
func (r *Request) IsCovered() bool { return r.order == 0 && len(r.lenders) > 0 }

// Token returns the fencing token. It is the greatest of the lenders' if they hold all that was wanted.
func (r *Request) Token() int64 {
	token := r.token
	if r.IsCovered() {
		for _, lender := range r.lenders {
			token = max(token, lender.Token())
		}
	}
	return token
}

// ID returns the id of the request, or that of a lender if the request was never sent.
func (r *Request) ID() wire.ID {
	if r.IsCovered() {
		return r.lenders[0].ID()
	}
	return r.What.ID
}

// isLate reports whether the request has waited for as long as it may.
func (r *Request) isLate(at Instant) bool { return r.until > 0 && at.Mono >= r.until }

// canMove reports whether the request may be submitted on another connection. A request that does not wait may not,
// nor one inside a lock, which ends with its connection.
func (m *Machine) canMove(r *Request) bool {
	return !r.Once && m.enclosing(r) == nil && !m.config.NoReconnect
}

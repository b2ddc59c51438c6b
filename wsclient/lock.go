package wsclient

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A Lock is held until it is released or lost. It is safe for concurrent use.
//
// It is not a [sync.Locker], and no method makes one. Lock of a sync.Locker cannot fail, so it could not say that there
// is no broker, or that waiting would be a deadlock. It cannot be given up. And between Lock and Unlock, the holder
// could not learn that the lock was lost. Use [Client.WithLock], whose context says so.
type Lock struct {
	client  *Client
	request core.Request     // guarded by the client's mu
	spec    [1]wire.LockSpec // memory for the locks of the request: most requests have one lock
	changed chan struct{}    // has a token when the caller must look at the request again

	traced *tracedRequest // nil: nothing is traced

	base     context.Context // of the call
	outlives bool            // the context of the lock does not end with base

	// Guarded by the client's mu:
	ctx   context.Context         // nil until Context is called, which most callers do not
	stop  context.CancelCauseFunc // of ctx
	cause error                   // why the lock is no longer held, or nil
	early bool                    // it was released, and the caller need not wait for the broker
}

// wake wakes the caller that waits for the request.
func (l *Lock) wake() {
	select {
	case l.changed <- struct{}{}:
	default: // it was woken before, and has not looked yet
	}
}

// Context returns a context with the values of the one that was passed to Acquire. It ends when the lock is
// released (cause [ErrReleased]) or lost (cause a *[LostError]). It carries the lock: a call with this
// context is inside the lock.
func (l *Lock) Context() context.Context {
	l.client.mu.Lock()
	ctx, cause := l.ctx, l.cause
	l.client.mu.Unlock()
	if ctx == nil {
		ctx = l.publish(l.newContext(cause))
	}
	return ctx
}

// newContext makes a context for l. cause is why l is no longer held, or nil. newContext calls methods of the
// caller's context, so the caller must not hold the client's mu.
func (l *Lock) newContext(cause error) (context.Context, context.CancelCauseFunc) {
	base := l.base
	if l.outlives || cause != nil { // the loss is the cause, even if base has ended since
		base = context.WithoutCancel(base)
	}
	return context.WithCancelCause(context.WithValue(base, lockKey{}, l))
}

// publish makes ctx the context of l, unless l has one already. It returns the context of l. The context ends at once
// if l is no longer held.
func (l *Lock) publish(ctx context.Context, stop context.CancelCauseFunc) context.Context {
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	if l.ctx != nil {
		stop(nil)
		return l.ctx
	}
	if l.ctx, l.stop = ctx, stop; l.cause != nil {
		stop(l.cause)
	}
	return ctx
}

// Valid reports whether the lock counts as held at this moment. It reads the clocks. So if the process was
// frozen, or the machine suspended, for longer than the lease, it returns false at once, even if the context
// has not ended yet. When it returns false, the context ends, too. On systems other than Linux, it cannot
// detect a suspension if the wall clock was set back by the same time.
//
// While a virtual machine is paused, all its clocks stand still, and nothing in it can detect the pause.
// After the pause Valid returns true, although the broker may have granted the lock to others, until
// something sets the wall clock or the connection ends.
//
// The answer may be out of date when it is used, because a process can freeze between two instructions. Only
// the resource can be sure, by checking the token.
func (l *Lock) Valid() bool {
	l.client.mu.Lock()
	defer l.client.unlock()
	return l.client.core.Valid(&l.request, l.client.clock.now()) // read late: it may take long to get mu
}

// Lease returns two durations, counted from now, on the assumption that the broker sends nothing more. The
// lock counts as held for left, and the broker keeps it from others for kept, even if the network is cut. The
// difference is the time that a holder has to stop. Both are 0 if the lock is not held. Each answer from the
// broker extends both, at least once per heartbeat. They are for a program that supervises the holder from
// another process. The holder itself should use Context and Valid.
func (l *Lock) Lease() (left, kept time.Duration) {
	l.client.mu.Lock()
	defer l.client.unlock()
	return l.client.core.LeaseOf(&l.request, l.client.clock.now()) // read late, as in Valid
}

// Token returns the fencing token. It is greater than the tokens of all earlier grants. All locks of one
// request have the same token. If enclosing calls already held the lock, Token returns the greatest token of
// the locks that cover it.
func (l *Lock) Token() int64 { return l.request.Token() }

// ID returns the id of the request that holds the lock, as listings show it. Use it with [Client.Why] and
// [Client.Evict]. If enclosing calls already held the lock, it is the id of one of their requests. For
// Parent, use [ParentFrom].
func (l *Lock) ID() ID { return l.request.ID() }

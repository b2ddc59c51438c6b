package wsclient

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Lock is held until it is released or lost. It is safe for concurrent use.
type Lock struct {
	client *Client
	specs  []wire.LockSpec // what its own request holds
	outer  *Lock           // that of the context it was asked for in, or nil

	request *request // nil: enclosing calls hold all that was asked for
	lenders []*Lock  // enclosing locks that cover some of what was asked for

	base context.Context // that of the call

	// Guarded by the client's mu:
	ctx       context.Context         // nil until somebody wants it: most do not
	stop      context.CancelCauseFunc // of ctx
	cause     error                   // why it is not held any more, or nil
	borrowers map[*Lock]struct{}      // those that it covers some of

	err      error // of release
	release  sync.Once
	outlives bool // its context does not end with base
}

type lockKey struct{}

// ask asks for what r wants without what enclosing calls hold already, if that is
// not all.
func (l *Lock) ask(r *request, wait time.Duration) error {
	c := l.client
	c.mu.Lock()
	defer c.mu.Unlock()
	switch around := l.outer.around(c); {
	case around != nil && around.cause != nil:
		return outerLost(around.cause)
	case around != nil && r.what.Steal:
		return badRequest(errors.New("steal: not inside a lock that this client holds"))
	}
	needed, err := l.borrow()
	if err != nil || len(needed) == 0 {
		return err
	}
	r.lock, r.what.Locks = l, needed
	if wait > 0 {
		r.until = time.Now().Add(wait)
	}
	if err := c.ask(r); err != nil {
		return err
	}
	l.request = r
	return nil
}

// end says that l is not held any more, and why.
func (l *Lock) end(cause error) {
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	l.leave(cause)
}

// leave is end for who holds the client's mu.
func (l *Lock) leave(cause error) {
	l.drop(cause)
	if c := l.client; c.leaving != nil && c.conn != nil {
		c.conn.withdraw(ErrClosed) // what was inside this one
	}
}

// drop notes that l is not held any more. Whoever l covers something of holds that
// no more either. Only the first cause counts. The caller holds the client's mu.
func (l *Lock) drop(cause error) {
	if l.cause != nil {
		return
	}
	l.cause = cause
	for _, lender := range l.lenders {
		delete(lender.borrowers, l)
	}
	for borrower := range l.borrowers {
		borrower.drop(cause)
	}
	if l.stop != nil {
		l.stop(cause)
	}
}

// LockFrom returns the innermost lock that ctx carries, for its Token for example,
// if it carries one: inside [Client.WithLock], or made by [Lock.Context].
func LockFrom(ctx context.Context) (*Lock, bool) {
	l := enclosing(ctx)
	return l, l != nil
}

// Context returns a context with the values of the one that the lock was asked
// for with. It ends when the lock is released (cause [ErrReleased]) or lost
// (cause a *[LostError]). Calls with it know that this lock is held.
func (l *Lock) Context() context.Context {
	l.client.mu.Lock()
	ctx, cause := l.ctx, l.cause
	l.client.mu.Unlock()
	if ctx == nil {
		ctx = l.publish(l.newContext(cause))
	}
	return ctx
}

// newContext makes a context for l, which is not held because of cause, or held. It
// calls what the caller's context brings along: nobody may hold the client's mu.
func (l *Lock) newContext(cause error) (context.Context, context.CancelCauseFunc) {
	base := l.base
	if l.outlives || cause != nil { // if it was lost first, that is the cause, whatever has ended since
		base = context.WithoutCancel(base)
	}
	return context.WithCancelCause(context.WithValue(base, lockKey{}, l))
}

// publish makes ctx that of l, unless somebody else was faster, and returns the one
// that it is. Where l is not held any more it ends at once.
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

// Valid reports whether the lock counts as held at this moment. It looks at the
// clocks: after the process was frozen, or the machine suspended, for so long that
// the lock may have gone to others it says false at once, when the context has not
// been cancelled yet. When it says false the context ends, too. (Except on Linux, a
// suspension is not noticed when the clock on the wall was set back by as much meanwhile.)
//
// While a virtual machine is paused, all its clocks stand still, and nothing in it can notice
// the pause. Then Valid says true although the lock may have gone to others, until
// something sets the clock on the wall or the connection ends.
//
// The answer may be out of date when it is used: a process can be frozen between
// two instructions. Only the resource can be sure, with the token.
func (l *Lock) Valid() bool {
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	return l.isValid(now())
}

func (l *Lock) isValid(at instant) bool {
	if r := l.request; r != nil && l.cause == nil && !r.conn.checkLease(at) {
		r.checkTerm(at)
	}
	for _, lender := range l.lenders {
		lender.isValid(at) // if it is not, l is not
	}
	return l.cause == nil
}

// Lease returns for how long from now the lock counts as held if nothing more is heard from the broker, and for how
// long the broker cannot have given it to others, however silent the network: the difference is time to stop in. Both
// are 0 when the lock is not held. Each answer from the broker extends them, at least one with every heartbeat. They
// are for whoever watches over a holder from outside of its process; a holder itself has Context and Valid.
func (l *Lock) Lease() (left, kept time.Duration) {
	l.client.mu.Lock()
	defer l.client.mu.Unlock()
	at := now()
	if !l.isValid(at) {
		return 0, 0
	}
	return l.leaseAt(at)
}

// leaseAt is Lease of a lock that is held. The caller holds the client's mu.
func (l *Lock) leaseAt(at instant) (left, kept time.Duration) {
	left, kept = math.MaxInt64, math.MaxInt64
	if r := l.request; r != nil {
		left, kept = r.conn.lease.left(at), r.conn.lease.kept(at)
		if r.term.hold > 0 { // the broker's count ends later, nobody knows by how much
			left, kept = min(left, r.term.left(at)), min(kept, r.term.left(at))
		}
	}
	for _, lender := range l.lenders {
		otherLeft, otherKept := lender.leaseAt(at)
		left, kept = min(left, otherLeft), min(kept, otherKept)
	}
	return left, kept
}

// Token is the fencing token: greater than that of every grant before. Several
// locks of one request have one token. A lock that an enclosing call holds has
// the greatest token of those that cover it.
func (l *Lock) Token() int64 {
	if l.request != nil {
		return l.request.token
	}
	var token int64
	for _, lender := range l.lenders {
		token = max(token, lender.Token())
	}
	return token
}

// ID names the request that holds the lock, for [Client.Why], [Client.Evict] and
// people: it is that of the listing. A lock that enclosing calls hold has the id of
// one of those. For Parent see [ParentFrom].
func (l *Lock) ID() ID {
	if l.request != nil {
		return l.request.what.ID
	}
	return l.lenders[0].ID()
}

// Release gives the lock back and returns when the broker has confirmed it. Its
// context ends first. The error is nil when the lock was held until then, else
// why not: a *[LostError]. Releasing again returns the same.
func (l *Lock) Release() error {
	l.release.Do(func() { l.err = l.giveBack() })
	return l.err
}

func (l *Lock) giveBack() error {
	r := l.request
	l.client.mu.Lock()
	l.leave(ErrReleased) // what happens to a lender from here on is not l's concern
	if r != nil {
		r.release()
	}
	l.client.mu.Unlock()
	if r != nil {
		if err := r.await(); err != nil {
			return err
		}
	}
	if _, lost := errors.AsType[*LostError](l.cause); lost {
		return l.cause
	}
	return nil
}

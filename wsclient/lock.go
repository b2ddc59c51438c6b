package wsclient

import (
	"context"
	"errors"
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

	ctx  context.Context
	stop context.CancelCauseFunc

	// Guarded by the conn's mu:
	cause     error              // why it is not held any more, or nil
	borrowers map[*Lock]struct{} // those that it covers some of

	release sync.Once
	err     error // of release
}

type lockKey struct{}

// newLock makes the lock that is to be held; its context is made from base.
func newLock(base context.Context, c *Client, specs []wire.LockSpec, outer *Lock) *Lock {
	l := &Lock{client: c, specs: specs, outer: outer}
	l.ctx, l.stop = context.WithCancelCause(context.WithValue(base, lockKey{}, l))
	return l
}

// ask sends m, without what enclosing calls hold already, if that is not all.
func (l *Lock) ask(m *wire.Acquire, hold time.Duration) error {
	c := l.client.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	parent := l.outer.holding(l.client)
	if m.Steal && parent != nil {
		return badRequest(errors.New("steal: not inside a lock that this client holds"))
	}
	needed, err := l.borrow()
	if err != nil || len(needed) == 0 {
		return err
	}
	m.Locks = needed
	if parent != nil {
		m.Parent = parent.request.id
	}
	l.request, err = c.open(m, hold, l, parent)
	return err
}

// wait waits until the request is granted. When it fails nothing is left on
// the broker.
func (l *Lock) wait(ctx context.Context) error {
	r := l.request
	select {
	case <-r.granted:
	case <-r.ended:
	case <-ctx.Done():
	}
	switch {
	case isDone(r.ended):
		return r.err
	case ctx.Err() != nil: // also when the grant has come in the same moment
		r.giveUp()
		return context.Cause(ctx)
	}
	return nil
}

// end says that l is not held any more, and why.
func (l *Lock) end(cause error) {
	l.client.conn.mu.Lock()
	defer l.client.conn.mu.Unlock()
	l.drop(cause)
}

// drop is end for who holds the conn's mu. Whoever l covers something of holds
// that no more either. Only the first cause counts.
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
	l.stop(cause)
}

// Context returns a context with the values of the one that the lock was asked
// for with. It ends when the lock is released (cause [ErrReleased]) or lost
// (cause a *[LostError]). Calls with it know that this lock is held.
func (l *Lock) Context() context.Context { return l.ctx }

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

// Release gives the lock back and returns when the broker has confirmed it. Its
// context ends first. The error is nil when the lock was held until then, else
// why not: a *[LostError]. Releasing again returns the same.
func (l *Lock) Release() error {
	l.release.Do(func() { l.err = l.giveBack() })
	return l.err
}

func (l *Lock) giveBack() error {
	l.end(ErrReleased) // what happens to a lender from here on is not l's concern
	if l.request != nil {
		if err := l.request.release(); err != nil {
			return err
		}
	}
	var lost *LostError
	if errors.As(l.cause, &lost) {
		return l.cause
	}
	return nil
}

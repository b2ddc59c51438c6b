package wsclient

import (
	"context"
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Lock is held until it is released or lost. It is safe for concurrent use.
type Lock struct {
	client *Client
	specs  []wire.LockSpec // what its own request holds
	outer  *Lock           // that of the context it was asked for in, or nil

	request *request      // nil: enclosing calls hold all that was asked for
	lenders []*Lock       // enclosing locks that cover some of what was asked for
	unlink  []func() bool // ends the watch on each lender

	ctx  context.Context
	stop context.CancelCauseFunc

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

// keepUnless undoes what newLock and borrow have done when there is an error.
func (l *Lock) keepUnless(err error) error {
	if err != nil {
		l.detach(err)
	}
	return err
}

func (l *Lock) detach(cause error) {
	for _, unlink := range l.unlink {
		unlink()
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
	lost := l.lenderLoss() // what happens to a lender from here on is not l's concern
	l.detach(ErrReleased)
	if l.request != nil {
		if err := l.request.release(); err != nil {
			return err
		}
	}
	return lost
}

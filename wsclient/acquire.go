package wsclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// Acquire waits until the lock is granted, and returns it. The name is 1 to 512 bytes of UTF-8. The caller
// must release the lock. If options is nil, Acquire uses the zero AcquireOptions.
//
// ctx limits only the wait. If it ends before the grant, nothing is held, even if a grant is on its way. The
// error then wraps the cause of ctx and its Err, and says who holds the lock, or why the request could not be
// sent. For this the client asks the broker once, and waits for the answer for at most 200 ms. Otherwise the
// error is a refusal (an *[Error]), ErrClosed, ErrConnection, or the cause of an enclosing lock in ctx that is
// no longer held.
//
// ctx must be the context of the innermost lock around the call: the one that WithLock passes to its
// function, or that [Lock.Context] returns. With an outer context, the call looks like a call of another
// goroutine. If it requests a lock that is already held, it waits for itself.
func (c *Client) Acquire(ctx context.Context, name string, options *AcquireOptions) (*Lock, error) {
	return c.acquire(ctx, name, options, how{outlives: true})
}

// TryAcquire is like [Client.Acquire], but does not wait for the lock. If the lock is held or others wait for
// it, the error is [ErrUnavailable]. If the lock is free, but the broker grants nothing to anyone, the error
// is [ErrNotGranting]. Without a connection, it is ErrConnection.
func (c *Client) TryAcquire(ctx context.Context, name string, options *AcquireOptions) (*Lock, error) {
	return c.acquire(ctx, name, options, how{outlives: true, once: true})
}

// WithLock calls fn when the lock is granted, and releases the lock when fn returns or panics. The context of
// fn carries the lock. It ends when ctx ends, when fn has returned (cause ErrReleased), or when the lock is
// lost (cause a *[LostError]). Calls inside fn must use that context, not ctx: see [Client.Acquire]. Goroutines
// that fn starts with that context are inside the lock, all of them at once: see [Detach].
//
// If the lock is not granted, WithLock returns the error of [Client.Acquire]; otherwise it returns the error
// of fn. If the lock was lost before fn returned, it returns a *LostError, joined with the error of fn if
// there is one.
func (c *Client) WithLock(ctx context.Context, name string, options *AcquireOptions,
	fn func(ctx context.Context) error) error {
	_, err := c.runWith(ctx, name, options, how{}, fn)
	return err
}

// TryWithLock is like [Client.WithLock], but does not wait for the lock. held reports whether it got the lock
// and has called fn. If not, err says why. It is [ErrUnavailable], and says who holds the lock, if the lock is
// held or others wait for it. Other errors are as for [Client.TryAcquire]. If held is true, err is as for
// WithLock.
func (c *Client) TryWithLock(ctx context.Context, name string, options *AcquireOptions,
	fn func(ctx context.Context) error) (held bool, err error) {
	return c.runWith(ctx, name, options, how{once: true}, fn)
}

// runWith acquires the lock and calls fn. It reports whether it has called fn.
func (c *Client) runWith(ctx context.Context, name string, options *AcquireOptions, h how,
	fn func(ctx context.Context) error) (held bool, err error) {
	lock, err := c.acquire(ctx, name, options, h)
	if err != nil {
		return false, err
	}
	err, release := lock.run(fn)
	return true, join(err, release)
}

// run calls fn, and releases the lock when fn returns or panics. It returns the errors of both.
func (l *Lock) run(fn func(ctx context.Context) error) (err, release error) {
	defer func() { release = l.Release() }() // when fn panics, too
	return fn(l.Context()), nil
}

// join joins the errors that are not nil. Of two that are identical it keeps one.
func join(err, release error) error {
	switch {
	case err == nil || err == release: //nolint:errorlint // identity is meant
		return release
	case release == nil:
		return err
	}
	return fmt.Errorf("%w; %w", err, release)
}

// how has the differences between the methods that acquire a lock.
type how struct {
	outlives bool // the context of the lock does not end with that of the call
	once     bool // it does not wait
}

// acquire acquires the lock, and gives up when ctx ends. The context of the lock is derived from ctx, too.
func (c *Client) acquire(ctx context.Context, name string, options *AcquireOptions, h how) (*Lock, error) {
	var o AcquireOptions
	if options != nil {
		o = *options
	}
	l, err := c.newLock(name, o)
	if err != nil {
		return nil, fmt.Errorf("acquire %q: %w", name, badRequest(err))
	}
	l.request.Once = h.once || o.Steal
	l.traced = c.tracer.follow(l)
	defer l.traced.returned()
	ctx = l.traced.requested(ctx)
	l.base, l.outlives = ctx, h.outlives
	if err := l.obtain(ctx); err != nil {
		err = fmt.Errorf("acquire %q: %w", name, err)
		l.traced.failed(&l.request, err)
		return nil, err
	}
	return l, nil
}

// newLock makes the lock that o describes, or returns what is wrong with o.
func (c *Client) newLock(name string, o AcquireOptions) (*Lock, error) {
	l := &Lock{client: c}
	r := &l.request
	r.Owner, r.Wait, r.Hold, r.MinHold, r.Async = l, o.Wait, o.Hold, o.MinHold, o.AsyncRelease
	r.What.Locks = l.spec[:0]
	if err := o.fill(&r.What, name, c.options.Author); err != nil {
		return nil, err
	}
	if err := codec.CheckFrame(&r.What, c.hello.Load().Limits); err != nil {
		return nil, err
	}
	return l, nil
}

// obtain waits until l is held. If it returns an error, it leaves nothing behind on the broker.
func (l *Lock) obtain(ctx context.Context) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	if outer := enclosing(ctx); outer != nil {
		l.request.Outer = &outer.request
	}
	if held, err := l.submit(); held || err != nil {
		return err
	}
	err := l.wait(ctx)
	if refusal, ok := err.(*Error); ok { //nolint:errorlint // no other caller has this refusal
		refusal.hint = l.hint(refusal.Holders, refusal.session)
	}
	return err
}

// wait waits until the request is granted, or cancels it when ctx ends.
func (l *Lock) wait(ctx context.Context) error {
	for {
		select {
		case <-l.changed:
		case <-ctx.Done():
		}
		settled, err := l.settle(ctx.Err() != nil) // even if the grant has come at the same moment
		switch {
		case errors.Is(err, errGaveUp):
			return l.gaveUp(ctx)
		case settled:
			return err
		}
	}
}

// submit opens the request. It reports whether enclosing calls already hold all its locks.
func (l *Lock) submit() (held bool, err error) {
	c := l.client
	c.mu.Lock()
	defer c.unlock()
	at := c.clock.latest // otherwise the time does not matter, and reading the clocks is slow
	// An enclosing lock may have ended while the process was frozen. Then nothing may be borrowed from it. And if
	// the client can take up its session, it may have to say for how long the request has waited.
	if l.request.Wait > 0 || l.request.Outer != nil || !c.core.IsConnected() || c.core.CanResume() {
		at = c.clock.quick()
		// The cancels of requests whose time is over must be sent before the core gives this request its id:
		// the batch may reserve an id after a cancel, and ids must rise.
		c.core.Tick(at)
		c.carryOut()
	}
	if refused := c.core.Acquire(&l.request, at); refused != nil {
		if refused.How == core.Disconnected { // there is no connection, and the request does not wait for one
			return false, c.offline()
		}
		return false, c.errorOf(refused)
	}
	if l.request.IsCovered() {
		l.traced.granted(&l.request)
		return true, nil
	}
	l.changed = make(chan struct{}, 1)
	return false, nil
}

// errGaveUp is the error of settle if it has cancelled the request because the caller gives up.
var errGaveUp = errors.New("the caller gave up")

// settle gives the caller the lock, or says why it cannot. If the caller gives up, settle cancels the request instead.
// If nothing is settled, for example because the connection ended just after the grant, the caller must go on waiting.
func (l *Lock) settle(givesUp bool) (settled bool, err error) {
	c := l.client
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.clock.latest // without a grant the time does not matter, and reading the clocks is slow
	if l.request.IsHolding() {
		at = c.clock.quick()
	}
	settlement, end := c.core.Settle(&l.request, givesUp, at)
	c.carryOut() // sets the cause of the context
	switch settlement {
	case core.Unsettled:
		return false, nil
	case core.Failed:
		return true, c.errorOf(end)
	case core.GaveUp:
		return true, errGaveUp
	}
	l.traced.granted(&l.request)
	return true, nil
}

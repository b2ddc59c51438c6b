package wsclient

import (
	"context"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// Acquire waits until the lock of that name, 1 to 512 bytes of UTF-8, is
// granted, and returns it; it is to be released. A nil options is the zero
// AcquireOptions.
//
// ctx bounds the waiting only. When it ends first, Acquire returns an error that
// is its cause, and no lock is left behind, whatever crosses on the wire. Other
// errors are a refusal, an *[Error]; ErrClosed or ErrConnection; and the
// cause of an enclosing lock in ctx that is no longer held.
//
// ctx must be that of the innermost lock around the call, as the function of WithLock gets it,
// or from [Lock.Context]. With one from further outside, a call for what is held already waits
// for itself: nobody can tell it from another goroutine.
func (c *Client) Acquire(ctx context.Context, name string, options *AcquireOptions) (*Lock, error) {
	return c.acquire(ctx, name, options, how{outlives: true})
}

// TryAcquire is Acquire that does not wait: when the lock is not free at once,
// or others wait for it, the error is [ErrUnavailable]; where no holder objects, but the
// broker grants nothing to anyone, [ErrNotGranting]; without a connection, ErrConnection.
func (c *Client) TryAcquire(ctx context.Context, name string, options *AcquireOptions) (*Lock, error) {
	return c.acquire(ctx, name, options, how{outlives: true, once: true})
}

// WithLock calls fn if and only if the lock of that name is granted, and
// releases it when fn returns or panics. The context of fn carries the lock, and
// ends when ctx does, when fn has returned (cause ErrReleased), or when the
// lock is lost (cause a *[LostError]). Calls inside must use that context, not ctx: see
// [Client.Acquire].
//
// The error is that of acquiring, as [Client.Acquire] says, or that of fn, or,
// where the lock was lost before fn had returned, a *LostError, joined with that
// of fn if there are both.
func (c *Client) WithLock(ctx context.Context, name string, options *AcquireOptions, fn func(ctx context.Context) error) error {
	lock, err := c.acquire(ctx, name, options, how{})
	if err != nil {
		return err
	}
	// Also when fn panics: then nobody asks for the error of Release.
	defer lock.Release() //nolint:errcheck // Release returns the same error again below
	err = fn(lock.Context())
	return join(err, lock.Release())
}

// join returns the errors that are not nil, each once.
func join(err, release error) error {
	switch {
	case err == nil || err == release: //nolint:errorlint // identity is meant
		return release
	case release == nil:
		return err
	}
	return fmt.Errorf("%w; %w", err, release)
}

// how is what the functions that acquire do differently.
type how struct {
	outlives bool // the context of the lock does not end with that of the call
	once     bool // it does not wait
}

// acquire waits under ctx, from which the context of the lock is made.
func (c *Client) acquire(ctx context.Context, name string, options *AcquireOptions, h how) (*Lock, error) {
	var o AcquireOptions
	if options != nil {
		o = *options
	}
	a, err := c.newAcquisition(name, o)
	if err != nil {
		return nil, fmt.Errorf("acquire %q: %w", name, badRequest(err))
	}
	a.request.once = h.once || o.Steal
	a.lock.base, a.lock.outlives = ctx, h.outlives
	if err := a.obtain(ctx, o.Wait); err != nil {
		return nil, fmt.Errorf("acquire %q: %w", name, err)
	}
	return &a.lock, nil
}

// An acquisition is a lock and its request. They live equally long, and are allocated
// together: 504 bytes, where more than 512 would take the runtime noticeably longer.
type acquisition struct {
	lock    Lock
	request request
	spec    [1]wire.LockSpec // room for what most ask for
}

// newAcquisition makes the request that o asks for, or says what is wrong with that.
func (c *Client) newAcquisition(name string, o AcquireOptions) (*acquisition, error) {
	a := new(acquisition)
	a.lock.client = c
	r := &a.request
	r.term.hold, r.what.Locks = o.Hold, a.spec[:0]
	if err := o.fill(&r.what, name, c.options.Author); err != nil {
		return nil, err
	}
	if err := codec.CheckFrame(&r.what, c.hello.Load().Limits); err != nil {
		return nil, err
	}
	return a, nil
}

// obtain gets the locks that no enclosing call holds already.
func (a *acquisition) obtain(ctx context.Context, wait time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	lock := &a.lock
	lock.specs, lock.outer = a.request.what.Locks, enclosing(ctx)
	err := lock.ask(&a.request, wait)
	if err == nil && lock.request != nil {
		err = lock.request.wait(ctx)
	}
	if err != nil {
		lock.end(err)
	}
	return err
}

package wsclient

import (
	"context"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Acquire waits until the lock of that name, 1 to 512 bytes of UTF-8, is
// granted, and returns it; it is to be released. A nil options is the zero
// AcquireOptions.
//
// ctx bounds the waiting only. When it ends first, Acquire returns an error that
// is its cause, and no lock is left behind, whatever crosses on the wire. Other
// errors are a refusal, an *[Error]; ErrClosed or ErrConnection; and the
// cause of an enclosing lock in ctx that is no longer held.
func (c *Client) Acquire(ctx context.Context, name string, options *AcquireOptions) (*Lock, error) {
	return c.acquire(ctx, context.WithoutCancel(ctx), name, options, false)
}

// TryAcquire is Acquire that does not wait: when the lock is not free at once,
// or others wait for it, the error is [ErrUnavailable]; without a connection it is
// ErrConnection.
func (c *Client) TryAcquire(ctx context.Context, name string, options *AcquireOptions) (*Lock, error) {
	return c.acquire(ctx, context.WithoutCancel(ctx), name, options, true)
}

// WithLock calls fn if and only if the lock of that name is granted, and
// releases it when fn returns or panics. The context of fn carries the lock, and
// ends when ctx does, when fn has returned (cause ErrReleased), or when the
// lock is lost (cause a *[LostError]).
//
// The error is that of acquiring, as [Client.Acquire] says, or that of fn, or,
// where the lock was lost before fn had returned, a *LostError, joined with that
// of fn if there are both.
func (c *Client) WithLock(ctx context.Context, name string, options *AcquireOptions, fn func(ctx context.Context) error) error {
	lock, err := c.acquire(ctx, ctx, name, options, false)
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

// acquire waits under ctx; the context of the lock is made from base.
func (c *Client) acquire(ctx, base context.Context, name string, options *AcquireOptions, try bool) (*Lock, error) {
	var o AcquireOptions
	if options != nil {
		o = *options
	}
	r, err := c.newRequest(name, o)
	if err != nil {
		return nil, fmt.Errorf("acquire %q: %w", name, badRequest(err))
	}
	r.once = try || o.Steal
	lock, err := c.obtain(ctx, base, r, o.Wait)
	if err != nil {
		return nil, fmt.Errorf("acquire %q: %w", name, err)
	}
	return lock, nil
}

// newRequest makes the request that o asks for, or says what is wrong with that.
func (c *Client) newRequest(name string, o AcquireOptions) (*request, error) {
	what, err := o.message(name, c.options.Author)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := wire.CheckFrame(what, c.hello.Limits); err != nil {
		return nil, err
	}
	return &request{what: *what, hold: o.Hold}, nil
}

// obtain gets the locks of r that no enclosing call holds already.
func (c *Client) obtain(ctx, base context.Context, r *request, wait time.Duration) (*Lock, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	lock := newLock(base, c, r.what.Locks, enclosing(ctx))
	err := lock.ask(r, wait)
	if err == nil && lock.request != nil {
		err = lock.wait(ctx)
	}
	if err != nil {
		lock.end(err)
		return nil, err
	}
	return lock, nil
}

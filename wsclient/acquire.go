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
// or others wait for it, the error is [ErrUnavailable].
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
	m, err := o.message(name, c.options.Author, millis(c.conn.hello.TimeoutMS))
	if err == nil && try {
		m.WaitMS = wire.Some[int64](0)
	}
	if err == nil {
		err = wire.Check(m, c.conn.hello.Limits)
	}
	if err != nil {
		return nil, fmt.Errorf("acquire %q: %w", name, badRequest(err))
	}
	lock, err := c.obtain(ctx, base, m, o.Hold)
	if err != nil {
		return nil, fmt.Errorf("acquire %q: %w", name, err)
	}
	return lock, nil
}

// obtain gets the locks of m that no enclosing call holds already.
func (c *Client) obtain(ctx, base context.Context, m *wire.Acquire, hold time.Duration) (*Lock, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	lock := newLock(base, c, m.Locks, enclosing(ctx))
	err := lock.ask(m, hold)
	if err == nil && lock.request != nil {
		err = lock.wait(ctx)
	}
	if err != nil {
		lock.end(err)
		return nil, err
	}
	return lock, nil
}

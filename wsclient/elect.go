package wsclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/retry"
)

// Elect makes this process a candidate until ctx ends. All candidates name the same lock, and the one that holds it
// leads: Elect calls fn each time this process begins to lead. The context of fn carries the lock. It ends when ctx
// ends or when the lock is lost, and fn must then return; the cause says why. Elect never runs two calls of fn at
// once. But an fn that does not stop in time may overlap with the next leader in another process, as with every
// lock: see [Lock.Token].
//
// Elect stands again
//
//   - when the lock was lost while fn ran, whatever fn has returned;
//   - when fn has returned nil: it has stepped down, and another candidate may lead;
//   - when it could not stand for a reason that may pass, for example because the broker is at a limit, or an
//     operator has evicted the waiting request.
//
// Before it stands again, it pauses for 50 to 100 ms. This doubles, up to 2.5 to 5 s, whenever it has waited and led
// for less than ten seconds in all. So an fn that returns at once does not keep the broker busy. Elect returns
//
//   - an error that wraps the cause of ctx when ctx has ended;
//   - the error of fn if fn has failed while it led; call Elect again if that is not the end of the program;
//   - the error of [Client.Acquire] if another attempt would fail, too: the client has ended, the name or the options
//     are wrong, the broker does not permit it, or an enclosing lock is no longer held.
//
// If fn panics, the lock is released. To learn of losses, use Lost in [Trace]. In options, Hold bounds a term, and
// MinHold bounds how often the leader changes. Elect ignores Wait, and refuses Steal, with which candidates would
// take the lock from one another.
func (c *Client) Elect(ctx context.Context, name string, options *AcquireOptions,
	fn func(ctx context.Context) error) error {
	var o AcquireOptions
	if options != nil {
		o = *options
	}
	if o.Steal {
		steal := errors.New("steal: not for an election, in which candidates would steal from one another")
		return fmt.Errorf("elect %q: %w", name, badRequest(steal))
	}
	o.Wait = 0
	var pauses retry.Backoff
	for {
		begin := c.clock.awake().Mono
		final, err := c.stand(ctx, name, &o, fn)
		switch {
		case final:
			return err
		case ctx.Err() != nil:
			return contextError(ctx)
		}
		// Not much less than the bound: the pause also keeps fn from running all the time.
		dice := (1 + rand.Float64()) / 2
		if cause := c.rest(ctx, pauses.Next(c.clock.awake().Mono-begin, dice)); cause != nil {
			return cause
		}
	}
}

// rest waits for d. If ctx ends first, it returns the cause. It also returns when the client ends: then the next
// attempt to stand fails.
func (c *Client) rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.done:
	case <-ctx.Done():
		return contextError(ctx)
	}
	return nil
}

// stand leads once. final says that this process must not stand again, because of err.
func (c *Client) stand(ctx context.Context, name string, o *AcquireOptions,
	fn func(ctx context.Context) error) (final bool, err error) {
	lock, err := c.acquire(ctx, name, o, how{})
	if err != nil {
		return !mayPass(err), err
	}
	err, release := lock.run(fn)
	return err != nil && release == nil && !isEndOf(ctx, err), err
}

// isEndOf reports whether ctx has ended, and err says no more than that.
func isEndOf(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)))
}

// mayPass reports whether another attempt to acquire a lock may succeed, although one has failed because of err.
func mayPass(err error) bool {
	if errors.Is(err, ErrLost) || errors.Is(err, ErrReleased) || errors.Is(err, ErrClosed) {
		return false
	}
	if errors.Is(err, ErrEvicted) {
		return true
	}
	if refusal := new(Error); errors.As(err, &refusal) {
		for _, row := range wire.ErrorCodes() {
			if row.Code == refusal.Code {
				return row.Retry != wire.RetryNever
			}
		}
	}
	return false
}

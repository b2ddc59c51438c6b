package wsclient_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Goroutines that get the context of a lock are inside it: calls for the same lock run at once. With Detach they wait
// for one another.
func TestDetachedCallsExclude(t *testing.T) {
	for detached, want := range map[bool]int64{false: 5, true: 1} {
		inBubble(t, func(t *testing.T, b *brokertest.Server) {
			c := dial(t, b)
			var inside, most atomic.Int64
			work := func(ctx context.Context) error {
				most.Store(max(most.Load(), inside.Add(1)))
				defer inside.Add(-1)
				time.Sleep(time.Second) //nolint:forbidigo // virtual time
				return ctx.Err()
			}
			var all sync.WaitGroup
			err := c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
				callCtx := ctx
				if detached {
					callCtx = wsclient.Detach(ctx)
				}
				for range 5 {
					all.Go(func() {
						if err := c.WithLock(callCtx, "a", nil, work); err != nil {
							t.Error(err)
						}
					})
				}
				time.Sleep(time.Minute) //nolint:forbidigo // virtual time
				if got := inside.Load(); got != 0 {
					t.Errorf("%d still inside", got)
				}
				return ctx.Err()
			})
			all.Wait()
			if err != nil || most.Load() != want {
				t.Errorf("detached: %t: %d at once, want %d; %v", detached, most.Load(), want, err)
			}
		})
	}
}

// A detached context has the values of the context, and the end, the cause and the deadline of the context that was
// given to the outermost call. The locks have no effect on it.
func TestDetach(t *testing.T) {
	type key string
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		stop := errors.New("shutdown")
		timed, cancel := context.WithTimeout(context.WithValue(t.Context(), key("outer"), 1), time.Hour)
		defer cancel()
		base, end := context.WithCancelCause(timed)
		held := acquire(base, t, c, "a", wsclient.AcquireOptions{})
		inside := context.WithValue(held.Context(), key("inner"), 2)
		inner := acquire(inside, t, c, "b", wsclient.AcquireOptions{})
		short, stopShort := context.WithCancel(inner.Context())

		detached := wsclient.Detach(short)
		child, cancelChild := context.WithCancel(context.WithValue(detached, key("child"), 3))
		defer cancelChild()
		if _, found := wsclient.LockFrom(child); found || !wsclient.ParentFrom(child).IsZero() {
			t.Error("it carries a lock")
		}
		for name, want := range map[key]int{"outer": 1, "inner": 2, "child": 3} {
			if child.Value(name) != want {
				t.Errorf("the value of %s: %v, want %d", name, child.Value(name), want)
			}
		}
		deadline, ok := child.Deadline()
		if want, _ := base.Deadline(); !ok || !deadline.Equal(want) {
			t.Errorf("deadline %v, %t", deadline, ok)
		}

		stopShort()
		_, _ = inner.Release(), held.Release()
		synctest.Wait()
		if detached.Err() != nil || child.Err() != nil {
			t.Errorf("it has ended with a lock: %v, %v", context.Cause(detached), context.Cause(child))
		}
		end(stop)
		<-child.Done()
		if err := context.Cause(detached); err != stop { //nolint:errorlint // identity
			t.Errorf("cause: %v, want %v", err, stop)
		}
		if err := context.Cause(child); err != stop { //nolint:errorlint // identity
			t.Errorf("cause of a child: %v, want %v", err, stop)
		}
		if none := t.Context(); wsclient.Detach(none) != none {
			t.Error("a context without a lock has changed")
		}
	})
}

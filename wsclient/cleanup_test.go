package wsclient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A function under a lock may clean up after its caller has given up, with context.WithoutCancel. It still holds the
// lock, and its calls are still inside the lock.

func cleanUp(t *testing.T, c *wsclient.Client, f func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	err := c.WithLock(ctx, "a", nil, func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		f(context.WithoutCancel(ctx))
		return nil
	})
	if err != nil {
		t.Errorf("the lock was held to the end: %v", err)
	}
}

func TestCleanupHoldsTheLock(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		cleanUp(t, c, func(ctx context.Context) {
			again, err := c.Acquire(ctx, "a", nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := again.Context().Err(); err != nil {
				t.Errorf("the context of the covered lock has ended at once: %v", err)
			}
			if got := listing(t, c)["a"]; got != [2]int{1, 0} {
				t.Errorf("got %v, want one request", got)
			}
			if err := again.Release(); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestCleanupIsInside(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		cleanUp(t, c, func(ctx context.Context) {
			held := acquire(t.Context(), t, other, "b", wsclient.AcquireOptions{})
			inner, cancel := context.WithCancel(held.Context())
			waits := make(chan error)
			go func() {
				_, err := other.Acquire(inner, "a", nil)
				waits <- err
			}()
			synctest.Wait()
			if _, err := c.Acquire(ctx, "b", nil); !errors.Is(err, wsclient.ErrDeadlock) {
				t.Errorf("got %v, want ErrDeadlock", err)
			}
			if _, err := c.Acquire(ctx, "c", &wsclient.AcquireOptions{Steal: true}); !errors.Is(err,
				wsclient.ErrBadRequest) {
				t.Errorf("a steal: got %v, want ErrBadRequest", err)
			}
			cancel()
			if err := <-waits; !errors.Is(err, context.Canceled) {
				t.Errorf("the other waiter of the circle: %v", err)
			}
			_ = held.Release()
		})
	})
}

// A call that crosses the loss of the lock around it fails with that loss, and not with the broker's error code.
func TestCallCrossesTheLossOfItsLock(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		late := newLateConn()
		c := dial(t, b, wsclient.Options{NetDial: late.dialer(b.Dial)})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		late.holdBack()
		if err := dial(t, b).Evict(t.Context(), wsclient.ID{Session: c.Session(), N: 0}, "stuck"); err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() {
			_, err := c.Acquire(context.WithoutCancel(held.Context()), "b", nil)
			failed <- err
		}()
		synctest.Wait()
		late.letThrough()
		err := <-failed
		expectLost(t, err, wsclient.LostEvicted)
		if errors.Is(err, wsclient.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		expectLost(t, held.Release(), wsclient.LostEvicted)
		pass(time.Second)
		if open := wsclient.Open(c); open != 0 {
			t.Errorf("%d still open", open)
		}
	})
}

package wsclient_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A steal gets the lock at once. The holder learns of it, and the waiters go on waiting in the same order.
func TestSteal(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, repair := dial(t, b), dial(t, b, wsclient.Options{Label: "repair"})
		steal := wsclient.AcquireOptions{Steal: true, Also: []wsclient.LockSpec{{Name: "b"}, {Name: "free"}}}
		var stolen *wsclient.Lock
		err := c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			held := acquire(t.Context(), t, c, "b", wsclient.AcquireOptions{Mode: wsclient.Shared})
			go func() {
				lock, err := c.Acquire(t.Context(), "a", nil)
				if err != nil {
					t.Error(err)
					return
				}
				_ = lock.Release()
			}()
			synctest.Wait()

			stolen = acquire(t.Context(), t, repair, "a", steal)
			<-ctx.Done()
			want := wsclient.LostError{Reason: wsclient.LostStolen, By: "repair"}
			var lost *wsclient.LostError
			if cause := context.Cause(ctx); !errors.As(cause, &lost) ||
				lost.Reason != want.Reason || lost.By != want.By || lost.Message != want.Message {
				t.Errorf("cause: got %v, want %v", cause, &want)
			}
			expectLost(t, held.Release(), wsclient.LostStolen)
			if stolen.Token() <= held.Token() {
				t.Errorf("tokens do not rise: %d, then %d", held.Token(), stolen.Token())
			}
			if got := listing(t, c); got["a"] != [2]int{1, 1} {
				t.Errorf("got %v, want one waiter for a", got)
			}
			return nil
		})
		expectLost(t, err, wsclient.LostStolen)
		if err := stolen.Release(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if got := listing(t, c); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}

// A steal of a shared lock, or inside a lock of the same client, is refused before anything is sent.
func TestStealRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		steal := wsclient.AcquireOptions{Steal: true}
		for name, o := range map[string]wsclient.AcquireOptions{
			"shared":      {Steal: true, Mode: wsclient.Shared},
			"also shared": {Steal: true, Also: []wsclient.LockSpec{{Name: "b", Mode: wsclient.Shared}}},
		} {
			if _, err := c.Acquire(t.Context(), name, &o); !errors.Is(err, wsclient.ErrBadRequest) {
				t.Errorf("%s: got %v, want ErrBadRequest", name, err)
			}
		}
		err := c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			for _, name := range []string{"a", "b"} {
				_, err := c.Acquire(ctx, name, &steal)
				var refusal *wsclient.Error
				if !errors.Is(err, wsclient.ErrBadRequest) || !errors.As(err, &refusal) {
					t.Errorf("%s inside a: got %v, want ErrBadRequest", name, err)
				}
			}
			return ctx.Err()
		})
		if err != nil {
			t.Error(err)
		}
		// A lock of another client does not count as an enclosing one.
		err = other.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			return acquire(ctx, t, c, "b", steal).Release()
		})
		if err != nil {
			t.Error(err)
		}
	})
}

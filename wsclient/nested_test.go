package wsclient_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A lock that an enclosing call holds is not acquired again. An exclusive lock covers everything, and a shared one
// covers shared ones with its limit or a greater one.
func TestReentrancy(t *testing.T) {
	type opts = wsclient.AcquireOptions
	shared := func(limit int) opts { return opts{Mode: wsclient.Shared, Limit: limit} }
	tests := []struct {
		name         string
		outer, inner opts
		holding      int   // of the lock while the inner callback runs
		err          error // of the inner call
	}{
		{"exclusive in exclusive", opts{}, opts{}, 1, nil},
		{"shared in exclusive", opts{}, shared(0), 1, nil},
		{"limited in exclusive", opts{}, shared(3), 1, nil},
		{"shared in shared", shared(0), shared(0), 1, nil},
		{"shared in limited", shared(3), shared(0), 1, nil},
		{"limited in the same limit", shared(3), shared(3), 1, nil},
		{"limited in a lower limit", shared(2), shared(3), 1, nil},
		{"limited in a higher limit is acquired", shared(3), shared(2), 2, nil},
		{"exclusive in shared would wait for itself", shared(0), opts{}, 0, wsclient.ErrDeadlock},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				c := dial(t, b)
				ran := false
				err := c.WithLock(t.Context(), "a", &test.outer, func(ctx context.Context) error {
					return c.WithLock(ctx, "a", &test.inner, func(ctx context.Context) error {
						ran = true
						if got := listing(t, c)["a"][0]; got != test.holding {
							t.Errorf("got %d holders, want %d", got, test.holding)
						}
						return ctx.Err()
					})
				})
				if !errors.Is(err, test.err) || ran != (test.err == nil) {
					t.Errorf("got %v, callback ran: %t", err, ran)
				}
				if got := listing(t, c); len(got) != 0 {
					t.Errorf("left behind: %v", got)
				}
			})
		})
	}
}

// Of several locks, only those that no enclosing call holds are acquired. The inner release releases only those.
func TestPartlyCovered(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		err := c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			inner := acquire(ctx, t, c, "b",
				wsclient.AcquireOptions{Also: []wsclient.LockSpec{{Name: "a"}}})
			if got := listing(t, c); got["a"] != [2]int{1, 0} || got["b"] != [2]int{1, 0} {
				t.Errorf("inside: got %v", got)
			}
			if err := inner.Release(); err != nil {
				t.Error(err)
			}
			if got := listing(t, c); got["a"] != [2]int{1, 0} || len(got) != 1 {
				t.Errorf("after the inner release: got %v", got)
			}
			return ctx.Err()
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// The listing shows the parent of a lock that was acquired inside another on the same connection.
func TestParent(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		err := c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			return c.WithLock(ctx, "b", nil, func(context.Context) error {
				for lock, err := range c.Info(t.Context(), &wsclient.InfoOptions{Match: "b"}) {
					if err != nil {
						return err
					}
					if got := lock.Holders[0].Parent.String(); got != c.Session()+"--0" {
						t.Errorf("parent: got %s", got)
					}
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A call by work that outlives the callback fails, and does not run without the lock. That is so even if the work has
// used context.WithoutCancel.
func TestWorkThatOutlivesTheCallback(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		var kept context.Context
		err := c.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			kept = ctx
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, ctx := range map[string]context.Context{"kept": kept, "shed": context.WithoutCancel(kept)} {
			if _, err := c.Acquire(ctx, "a", nil); !errors.Is(err, wsclient.ErrReleased) {
				t.Errorf("%s: got %v, want ErrReleased", name, err)
			}
		}
		if _, err := c.Acquire(kept, "other", nil); !errors.Is(err, wsclient.ErrReleased) {
			t.Errorf("another lock: got %v, want ErrReleased", err)
		}
	})
}

// A borrowed lock ends with the lock of the enclosing call that lends it.
func TestBorrowedLockEndsWithItsLender(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		outer := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{Hold: time.Second})
		inner := acquire(outer.Context(), t, c, "a", wsclient.AcquireOptions{})
		if inner.Token() != outer.Token() {
			t.Errorf("token: got %d, want that of the lender, %d", inner.Token(), outer.Token())
		}
		pass(time.Second)
		if cause := context.Cause(inner.Context()); !errors.Is(cause, wsclient.ErrLost) {
			t.Errorf("cause: got %v, want ErrLost", cause)
		}
		if err := inner.Release(); !errors.Is(err, wsclient.ErrLost) {
			t.Errorf("release: got %v, want ErrLost", err)
		}
		_ = outer.Release()
	})
}

// Release returns the loss of a lender, even if the lock has a request of its own, and even if its context had ended
// before for another reason.
func TestLossOfALender(t *testing.T) {
	alsoA := wsclient.AcquireOptions{Also: []wsclient.LockSpec{{Name: "a"}}}
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		outer := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{Hold: time.Second})
		inner := acquire(outer.Context(), t, c, "b", alsoA)
		pass(time.Second)
		expectLost(t, context.Cause(inner.Context()), wsclient.LostExpired)
		expectLost(t, inner.Release(), wsclient.LostExpired)
		_ = outer.Release()
	})
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		ctx, cancel := context.WithCancel(t.Context())
		err := c.WithLock(ctx, "a", &wsclient.AcquireOptions{Hold: time.Second},
			func(ctx context.Context) error {
				err := c.WithLock(ctx, "b", &alsoA, func(context.Context) error {
					cancel()
					pass(time.Second)
					return nil
				})
				expectLost(t, err, wsclient.LostExpired)
				return nil
			})
		expectLost(t, err, wsclient.LostExpired)
	})
}

// The loss of an enclosing lock that lends nothing ends the context, but the lock inside is not lost.
func TestLossOfAnEnclosingLock(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		err := c.WithLock(t.Context(), "a", &wsclient.AcquireOptions{Hold: time.Second},
			func(ctx context.Context) error {
				err := c.WithLock(ctx, "b", nil, func(ctx context.Context) error {
					<-ctx.Done()
					return nil
				})
				if err != nil {
					t.Errorf("the lock inside: got %v", err)
				}
				return nil
			})
		expectLost(t, err, wsclient.LostExpired)
		if got := listing(t, c); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}

// Locks of one client mean nothing to another.
func TestTwoClientsDoNotShareLocks(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		one, two := dial(t, b), dial(t, b)
		err := one.WithLock(t.Context(), "a", nil, func(ctx context.Context) error {
			_, err := two.TryAcquire(ctx, "a", nil)
			return err
		})
		if !errors.Is(err, wsclient.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	})
}

type jobKey struct{}

// The values of the caller's context can be read inside, innermost first.
func TestContextValues(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		ctx := context.WithValue(t.Context(), jobKey{}, "outer")
		err := c.WithLock(ctx, "a", nil, func(ctx context.Context) error {
			return c.WithLock(context.WithValue(ctx, jobKey{}, "inner"), "b", nil,
				func(ctx context.Context) error {
					if got := ctx.Value(jobKey{}); got != "inner" {
						t.Errorf("got %v, want inner", got)
					}
					return nil
				})
		})
		if err != nil {
			t.Error(err)
		}
	})
}

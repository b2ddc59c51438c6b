package wsclient_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// dialWithLosses connects a client over a link. The function losses returns the late losses that it has reported.
func dialWithLosses(t *testing.T, b *brokertest.Server) (
	c *wsclient.Client, link *brokertest.Link, losses func() []error) {
	t.Helper()
	var mu sync.Mutex
	var all []error
	link = b.NewLink()
	c = dial(t, b, wsclient.Options{NetDial: link.Dial, OnLateLoss: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, err)
	}})
	return c, link, func() []error {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if int64(len(all)) != c.LateLosses() {
			t.Errorf("%d late losses are counted, and %v reported", c.LateLosses(), all)
		}
		return slices.Clone(all)
	}
}

var async = wsclient.AcquireOptions{AsyncRelease: true}

// An async release returns while nothing travels on the network. Later the lock is free for others.
func TestAsyncReleaseDoesNotWait(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, link, losses := dialWithLosses(t, b)
		other := dial(t, b)
		held := acquire(t.Context(), t, c, "a", async)
		link.Freeze()
		if err := held.Release(); err != nil {
			t.Errorf("Release: %v", err)
		}
		if cause := context.Cause(held.Context()); !errors.Is(cause, wsclient.ErrReleased) || held.Valid() {
			t.Errorf("after the release: cause %v, valid: %t", cause, held.Valid())
		}
		if _, err := other.TryAcquire(t.Context(), "a", nil); !errors.Is(err, wsclient.ErrUnavailable) {
			t.Errorf("before the broker has heard of the release: %v", err)
		}
		link.Thaw()
		synctest.Wait()
		if err := acquire(t.Context(), t, other, "a", wsclient.AcquireOptions{}).Release(); err != nil {
			t.Error(err)
		}
		if err := held.Release(); err != nil {
			t.Errorf("releasing again: %v", err)
		}
		if got := losses(); len(got) != 0 {
			t.Errorf("late losses: %v", got)
		}
	})
}

// What a client asks for after an async release is handled after it: the same lock is free for it.
func TestAsyncReleaseKeepsTheOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, _, losses := dialWithLosses(t, b)
		token := int64(0)
		for range 1000 {
			lock, err := c.TryAcquire(t.Context(), "a", &async)
			if err != nil {
				t.Fatal(err)
			}
			if lock.Token() <= token {
				t.Errorf("token %d after %d", lock.Token(), token)
			}
			token = lock.Token()
			if err := lock.Release(); err != nil {
				t.Fatal(err)
			}
		}
		if got := losses(); len(got) != 0 {
			t.Errorf("late losses: %v", got)
		}
	})
}

// A loss that crosses the release is reported: Release could not know of it.
func TestLateLoss(t *testing.T) {
	tests := []struct {
		name string
		lose func(t *testing.T, other *wsclient.Client, held wsclient.ID, link *brokertest.Link)
		want wsclient.LostReason
	}{
		{"stolen", func(t *testing.T, other *wsclient.Client, _ wsclient.ID, link *brokertest.Link) {
			acquire(t.Context(), t, other, "a", wsclient.AcquireOptions{Steal: true})
			link.Thaw()
		}, wsclient.LostStolen},
		{"evicted", func(t *testing.T, other *wsclient.Client, held wsclient.ID, link *brokertest.Link) {
			if err := other.Evict(t.Context(), held, "stuck"); err != nil {
				t.Error(err)
			}
			link.Thaw()
		}, wsclient.LostEvicted},
		{"disconnected", func(_ *testing.T, _ *wsclient.Client, _ wsclient.ID, link *brokertest.Link) {
			link.Cut()
		}, wsclient.LostConnection},
		{"silent", func(*testing.T, *wsclient.Client, wsclient.ID, *brokertest.Link) {
			pass(15 * time.Second)
		}, wsclient.LostLease},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				c, link, losses := dialWithLosses(t, b)
				other := dial(t, b)
				held := acquire(t.Context(), t, c, "a", async)
				link.Freeze()
				if err := held.Release(); err != nil {
					t.Errorf("Release: %v", err)
				}
				tt.lose(t, other, held.ID(), link)
				got := losses()
				if len(got) != 1 {
					t.Fatalf("late losses: %v", got)
				}
				expectLost(t, got[0], tt.want)
				var lost *wsclient.LostError
				if errors.As(got[0], &lost) && (lost.ID != held.ID() || lost.Locks[0] != "a") {
					t.Errorf("the loss of %v, %s", lost.Locks, lost.ID)
				}
			})
		})
	}
}

// A release that the broker has handled is not a late loss when the connection ends later, even if the client has sent
// nothing since but heartbeats.
func TestNoLateLossAfterAHeartbeat(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, link, losses := dialWithLosses(t, b)
		if err := acquire(t.Context(), t, c, "a", async).Release(); err != nil {
			t.Error(err)
		}
		pass(6 * time.Second)
		link.Cut()
		if got := losses(); len(got) != 0 {
			t.Errorf("late losses: %v", got)
		}
	})
}

// An async release checks what this client can know by then: whether Hold has passed, and the lease.
func TestAsyncReleaseTellsOfAnEarlierLoss(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, link, losses := dialWithLosses(t, b)
		err := c.WithLock(t.Context(), "a", &async, func(ctx context.Context) error {
			link.Freeze()
			<-ctx.Done()
			return nil
		})
		expectLost(t, err, wsclient.LostLease)
		if got := losses(); len(got) != 0 {
			t.Errorf("late losses: %v", got)
		}
	})
}

// Drain returns when the broker has handled the releases. Close returns when the broker has answered the goodbye, and
// the broker frees the lock soon after that.
func TestEndAfterAsyncRelease(t *testing.T) {
	for name, end := range map[string]func(c *wsclient.Client) error{
		"Drain": func(c *wsclient.Client) error { return c.Drain(context.Background()) },
		"Close": func(c *wsclient.Client) error {
			defer synctest.Wait()
			return c.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				c, _, losses := dialWithLosses(t, b)
				other := dial(t, b)
				if err := acquire(t.Context(), t, c, "a", async).Release(); err != nil {
					t.Error(err)
				}
				if err := end(c); err != nil {
					t.Error(err)
				}
				if _, err := other.TryAcquire(t.Context(), "a", nil); err != nil {
					t.Errorf("after %s: %v", name, err)
				}
				if got := losses(); len(got) != 0 {
					t.Errorf("late losses: %v", got)
				}
			})
		})
	}
}

// Drain waits for an async release, and reports a loss that crosses it.
func TestDrainReportsLateLosses(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, link, losses := dialWithLosses(t, b)
		other := dial(t, b)
		held := acquire(t.Context(), t, c, "a", async)
		link.Freeze()
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		drained := make(chan error, 1)
		go func() { drained <- c.Drain(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-drained:
			t.Errorf("Drain has returned before the broker has heard of the release: %v", err)
		default:
		}
		acquire(t.Context(), t, other, "a", wsclient.AcquireOptions{Steal: true})
		link.Thaw()
		if err := <-drained; err != nil {
			t.Error(err)
		}
		if got := losses(); len(got) != 1 {
			t.Errorf("late losses: %v", got)
		}
	})
}

// If an enclosing lock was lost from which the call borrows, an async release says so.
func TestAsyncReleaseInsideALostLock(t *testing.T) {
	for name, o := range map[string]wsclient.AcquireOptions{
		"AsyncRelease": {AsyncRelease: true}, "MinHold": {MinHold: time.Minute}, "neither": {},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				c, other := dial(t, b), dial(t, b)
				outer := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
				o.Also = []wsclient.LockSpec{{Name: "a"}}
				inner := acquire(outer.Context(), t, c, "b", o)
				if err := other.Evict(t.Context(), outer.ID(), "stuck"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				expectLost(t, inner.Release(), wsclient.LostEvicted)
			})
		})
	}
}

// Close waits until it knows whether a lock was lost before its async release, but not for ever.
func TestCloseReportsLateLosses(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, link, losses := dialWithLosses(t, b)
		other := dial(t, b)
		held := acquire(t.Context(), t, c, "a", async)
		link.Freeze()
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			_ = c.Close()
		}()
		acquire(t.Context(), t, other, "a", wsclient.AcquireOptions{Steal: true})
		link.Thaw()
		<-closed
		if got := losses(); len(got) != 1 {
			t.Errorf("late losses: %v", got)
		}
	})
}

// Close of a client whose broker does not answer takes a second more if a release is not confirmed.
func TestCloseWithoutConfirmation(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, link, _ := dialWithLosses(t, b)
		held := acquire(t.Context(), t, c, "a", async)
		link.Freeze()
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		begin := time.Now()
		_ = c.Close()
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("Close took %v", took)
		}
		link.Cut()
	})
}

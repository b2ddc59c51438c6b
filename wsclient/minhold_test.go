package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// On three hosts, a job that takes a second runs every minute, and each host begins at a slightly different time. With
// a MinHold of 55s, the job runs once a minute.
func TestMinHoldRunsAJobOnceAMinute(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		once := &wsclient.AcquireOptions{MinHold: 55 * time.Second}
		runs := make(chan time.Duration, 100)
		begin := time.Now()
		for host := range 3 {
			c := dial(t, b)
			go func() {
				pass(time.Duration(host) * 5 * time.Second) // their clocks differ
				for range 4 {
					_, err := c.TryWithLock(t.Context(), "job", once, func(context.Context) error {
						runs <- time.Since(begin).Truncate(time.Minute)
						time.Sleep(time.Second) //nolint:forbidigo // virtual time
						return nil
					})
					if err != nil && !errors.Is(err, wsclient.ErrUnavailable) {
						t.Error(err)
					}
					time.Sleep(time.Minute) //nolint:forbidigo // virtual time
				}
			}()
		}
		pass(5 * time.Minute)
		count := make(map[time.Duration]int)
		for len(runs) > 0 {
			count[<-runs]++
		}
		want := map[time.Duration]int{0: 1, time.Minute: 1, 2 * time.Minute: 1, 3 * time.Minute: 1}
		if fmt.Sprint(count) != fmt.Sprint(want) {
			t.Errorf("runs a minute: %v, want %v", count, want)
		}
	})
}

// Release returns at once, and the lock counts as released. An acquire of the same client waits until MinHold has
// passed since the grant.
func TestMinHold(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		begin := time.Now()
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{MinHold: 10 * time.Second})
		pass(3 * time.Second)
		for range 2 {
			if err := held.Release(); err != nil || time.Since(begin) != 3*time.Second {
				t.Errorf("got %v after %v", err, time.Since(begin))
			}
		}
		if held.Valid() || !errors.Is(context.Cause(held.Context()), wsclient.ErrReleased) {
			t.Errorf("it still counts as held: %v", context.Cause(held.Context()))
		}
		if left, kept := held.Lease(); left != 0 || kept != 0 {
			t.Errorf("lease: %v, %v", left, kept)
		}
		if _, err := c.TryAcquire(held.Context(), "b", nil); !errors.Is(err, wsclient.ErrReleased) {
			t.Errorf("a call inside the released lock: %v", err)
		}
		_, err := c.TryAcquire(t.Context(), "a", nil)
		if refusal := new(wsclient.Error); !errors.As(err, &refusal) || refusal.Holders[0].ID != held.ID() {
			t.Errorf("TryAcquire: got %v, want it to name the holder", err)
		}
		next := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		if waited := time.Since(begin); waited != 10*time.Second {
			t.Errorf("granted to the next request after %v, want 10s", waited)
		}
		pass(time.Minute)
		if !next.Valid() {
			t.Error("the end of MinHold has released another request")
		}
	})
}

// A lock that is lost after its release is lost silently. Releasing it again still returns nil.
func TestMinHoldIsLost(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, operator := dial(t, b), dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{MinHold: time.Hour})
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		if err := operator.Evict(t.Context(), held.ID(), "away with it"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		cause := context.Cause(held.Context())
		if err := held.Release(); err != nil || !errors.Is(cause, wsclient.ErrReleased) {
			t.Errorf("got %v, cause %v", err, cause)
		}
		acquire(t.Context(), t, operator, "a", wsclient.AcquireOptions{Wait: time.Second})
	})
}

// A request that waits inside a released lock fails, even if its caller has ignored the end of the context. The broker
// would count it as inside, and would refuse the request of whoever holds its lock as a deadlock.
func TestMinHoldCausesNoDeadlock(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		begin := time.Now()
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{MinHold: time.Minute})
		holder := acquire(t.Context(), t, other, "b", wsclient.AcquireOptions{})
		failed := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(held.Context()), 30*time.Second)
			defer cancel()
			_, err := c.Acquire(ctx, "b", nil)
			failed <- err
		}()
		synctest.Wait()
		_ = held.Release()
		if err := <-failed; !errors.Is(err, wsclient.ErrReleased) {
			t.Errorf("the request inside: got %v, want ErrReleased", err)
		}
		synctest.Wait() // its cancel and the next acquire are on different connections
		acquire(holder.Context(), t, other, "a", wsclient.AcquireOptions{})
		if took := time.Since(begin); took != time.Minute {
			t.Errorf("granted after %v, want 1m", took)
		}
	})
}

// Close releases the lock at once, because the connection closes. Drain waits until MinHold has passed. When the broker
// drains, the client releases the lock at once, so that the broker can stop.
func TestMinHoldEndsWithTheClient(t *testing.T) {
	hold := func(t *testing.T, c *wsclient.Client) (begin time.Time) {
		lock := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{MinHold: time.Minute})
		_ = lock.Release()
		return time.Now()
	}
	t.Run("Close", func(t *testing.T) {
		inBubble(t, func(t *testing.T, b *brokertest.Server) {
			c := dial(t, b)
			begin := hold(t, c)
			_ = c.Close()
			acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
			if took := time.Since(begin); took != 0 {
				t.Errorf("free after %v", took)
			}
		})
	})
	t.Run("Drain", func(t *testing.T) {
		inBubble(t, func(t *testing.T, b *brokertest.Server) {
			c := dial(t, b)
			begin := hold(t, c)
			if err := c.Drain(t.Context()); err != nil || time.Since(begin) != time.Minute {
				t.Errorf("got %v after %v, want 1m", err, time.Since(begin))
			}
		})
	})
	t.Run("the broker drains", func(t *testing.T) {
		inBubble(t, func(t *testing.T, b *brokertest.Server) {
			c := dial(t, b)
			begin := hold(t, c)
			b.Stop()
			if took := time.Since(begin); took != 0 {
				t.Errorf("the broker has stopped after %v", took)
			}
		})
	})
}

// The client refuses what no broker could do, and says why.
func TestRefusedTimes(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		var text strings.Builder
		for _, o := range []wsclient.AcquireOptions{
			{MinHold: -1},
			{Hold: time.Second, MinHold: time.Minute},
			{MinHold: 400 * 24 * time.Hour},
			{Wait: 400 * 24 * time.Hour},
		} {
			_, err := c.Acquire(t.Context(), "a", &o)
			if !errors.Is(err, wsclient.ErrBadRequest) {
				t.Errorf("got %v, want ErrBadRequest", err)
			}
			fmt.Fprintf(&text, "Wait %v, Hold %v, MinHold %v\n  %v\n", o.Wait, o.Hold, o.MinHold, err)
		}
		expectGolden(t, "times.golden", text.String())
		if got := listing(t, c); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}

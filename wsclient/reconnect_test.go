package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// onLink is inBubble with a client whose network can be made to fail.
func onLink(t *testing.T, f func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client)) {
	t.Helper()
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		link := b.NewLink()
		c := dial(t, b, wsclient.Options{NetDial: link.Dial})
		f(t, b, link, c)
		_ = c.Close()
	})
}

// A pendingAcquire is an Acquire in another goroutine.
type pendingAcquire struct {
	done chan struct{}
	lock *wsclient.Lock
	err  error
}

// startAcquire starts an Acquire, and returns when the client has done all that it can without the broker's next
// answer.
func startAcquire(ctx context.Context, c *wsclient.Client, name string, o *wsclient.AcquireOptions) *pendingAcquire {
	a := &pendingAcquire{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.lock, a.err = c.Acquire(ctx, name, o)
	}()
	synctest.Wait()
	return a
}

// isDone reports whether the call has returned.
func (a *pendingAcquire) isDone() bool {
	synctest.Wait()
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// Holders lose their locks when the connection is cut. Waiters are submitted again on the next connection, in the
// same order, and their callers notice nothing.
func TestReconnect(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		other := acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
		held := acquire(t.Context(), t, c, "b", wsclient.AcquireOptions{})
		first, second := startAcquire(t.Context(), c, "a", nil), startAcquire(t.Context(), c, "a", nil)
		session := c.Session()
		link.Cut()
		<-held.Context().Done()
		expectLost(t, context.Cause(held.Context()), wsclient.LostConnection)
		expectLost(t, held.Release(), wsclient.LostConnection)
		pass(time.Second)
		if got := c.Session(); got == session || got == "" {
			t.Errorf("session %q after %q", got, session)
		}
		if got := listing(t, c)["a"]; got != [2]int{1, 2} {
			t.Errorf("a: got %v, want both to wait again", got)
		}
		if err := other.Release(); err != nil {
			t.Error(err)
		}
		<-first.done
		if first.err != nil || second.isDone() {
			t.Fatalf("the first: %v; the second is done: %t", first.err, second.isDone())
		}
		_ = first.lock.Release()
		<-second.done
		if second.err != nil {
			t.Fatal(second.err)
		}
		_ = second.lock.Release()
	})
}

// A call without a connection waits for the next one.
func TestAcquireWhileOffline(t *testing.T) {
	onLink(t, func(t *testing.T, _ *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		link.Freeze() // the next attempt takes as long as that
		link.Cut()
		early := startAcquire(t.Context(), c, "a", nil)
		if c.State() != wsclient.Connecting || early.isDone() {
			t.Errorf("state %v; done: %t", c.State(), early.isDone())
		}
		pass(5 * time.Second)
		link.Thaw()
		<-early.done
		if early.err != nil {
			t.Fatal(early.err)
		}
		if err := early.lock.Release(); err != nil {
			t.Error(err)
		}
	})
}

// A wait goes on while there is no connection. The request is submitted again with the rest of its wait. If the wait
// ends before that, the call fails in time.
func TestWaitGoesOnOffline(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		_ = acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
		start := time.Now()
		long := startAcquire(t.Context(), c, "a", &wsclient.AcquireOptions{Wait: 8 * time.Second})
		short := startAcquire(t.Context(), c, "a", &wsclient.AcquireOptions{Wait: 2 * time.Second})
		pass(time.Second)
		link.Freeze()
		link.Cut()
		<-short.done
		if took := time.Since(start); took != 2*time.Second || !errors.Is(short.err, wsclient.ErrTimeout) {
			t.Errorf("the short wait: %v after %v", short.err, took)
		}
		pass(3 * time.Second)
		link.Thaw()
		<-long.done
		var refusal *wsclient.Error
		if !errors.As(long.err, &refusal) || refusal.Code != wire.Timeout || len(refusal.Holders) != 1 {
			t.Errorf("the long wait: %v, want a timeout that says who holds it", long.err)
		}
		if took := time.Since(start); took < 8*time.Second || took > 8*time.Second+time.Millisecond {
			t.Errorf("the long wait took %v", took)
		}
	})
}

// A context that ends while there is no connection ends the call, and the request is not submitted later.
func TestGiveUpOffline(t *testing.T) {
	onLink(t, func(t *testing.T, _ *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		link.Freeze()
		link.Cut()
		waits := startAcquire(ctx, c, "a", nil)
		cancel()
		<-waits.done
		if !errors.Is(waits.err, context.Canceled) {
			t.Errorf("got %v", waits.err)
		}
		link.Thaw()
		pass(10 * time.Second)
		if got := listing(t, c); len(got) != 0 || wsclient.Open(c) != 0 {
			t.Errorf("listed: %v; %d open", got, wsclient.Open(c))
		}
	})
}

// A request that does not wait is not submitted again. Nobody knows what became of it, and a second steal might steal
// from the next holder.
func TestNotSubmittedAgain(t *testing.T) {
	onLink(t, func(t *testing.T, _ *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		calls := map[string]func() error{
			"try": func() error { _, err := c.TryAcquire(t.Context(), "a", nil); return err },
			"steal": func() error {
				_,
					err := c.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Steal: true})
				return err
			},
			"evict": func() error { return c.Evict(t.Context(), wsclient.ID{Session: "bbbbbbbb"}, "") },
		}
		for name, call := range calls {
			link.Delay(time.Second)
			failed := make(chan error, 1)
			go func() { failed <- call() }()
			synctest.Wait()
			link.Delay(0)
			link.Cut() // while it is on its way
			if err := <-failed; !errors.Is(err, wsclient.ErrConnection) {
				t.Errorf("%s, on its way: got %v, want ErrConnection", name, err)
			}
			pass(10 * time.Second)
			if got := listing(t, c); len(got) != 0 {
				t.Errorf("%s: left behind: %v", name, got)
			}
		}
		link.Freeze()
		link.Cut()
		for _, name := range []string{"try", "steal"} {
			synctest.Wait()
			if err := calls[name](); !errors.Is(err, wsclient.ErrConnection) {
				t.Errorf("%s, without a connection: got %v, want ErrConnection", name, err)
			}
		}
		link.Thaw()
	})
}

// A request that waits inside a lock fails when the lock is lost. It is not submitted again, because it would then
// wait outside the lock.
func TestNestedIsNotSubmittedAgain(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		_ = acquire(t.Context(), t, dial(t, b), "b", wsclient.AcquireOptions{})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		inner := startAcquire(context.WithoutCancel(held.Context()), c, "b", nil)
		link.Cut()
		<-inner.done
		expectLost(t, inner.err, wsclient.LostConnection)
		pass(time.Second)
		if got := listing(t, c)["b"]; got != [2]int{1, 0} {
			t.Errorf("b: got %v, want no waiter", got)
		}
	})
}

// A watch begins again on the next connection, with a view that is right.
func TestWatchOverReconnect(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		other := dial(t, b)
		v := watch(t, c, "")
		v.expect("(listed)\n")
		link.Cut()
		held := acquire(t.Context(), t, other, "a", wsclient.AcquireOptions{})
		pass(time.Second)
		v.expect("(listed)\na: 0 |")
		_ = held.Release()
		v.expect("released a\n")
		v.stop(nil)
		if err := <-v.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the watch has ended with %v", err)
		}
	})
}

// A hundred connections are cut while a thousand goroutines take turns. Each goroutine gets all its turns, no two
// hold the same lock at once, and nothing is left behind.
func TestHundredReconnects(t *testing.T) {
	const goroutines, cuts, locks = 1000, 100, 10
	onLink(t, func(t *testing.T, _ *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		var holders [locks]atomic.Int32
		var turns, lost atomic.Int32
		var workers sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		for g := range goroutines {
			workers.Go(func() {
				for done := 0; done < 3 || ctx.Err() == nil; {
					held, err := c.Acquire(t.Context(), fmt.Sprint(g%locks), nil)
					if err != nil {
						t.Errorf("%d: %v", g, err)
						return
					}
					if n := holders[g%locks].Add(1); n != 1 {
						t.Errorf("%d hold lock %d", n, g%locks)
					}
					pause(held.Context(), time.Millisecond)
					holders[g%locks].Add(-1)
					if held.Release() == nil {
						done++
						turns.Add(1)
					} else {
						lost.Add(1)
					}
				}
			})
		}
		for range cuts {
			pass(150 * time.Millisecond)
			link.Cut()
		}
		stop()
		workers.Wait()
		t.Logf("%d turns, %d lost", turns.Load(), lost.Load())
		if lost.Load() == 0 {
			t.Error("no lock was lost: the cuts hit no holder")
		}
		synctest.Wait()
		if open := wsclient.Open(c); open != 0 {
			t.Errorf("%d are still open", open)
		}
		if got := listing(t, c); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

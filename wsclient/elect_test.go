package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Of three candidates one leads. When it loses the lock, steps down or stops, another one does. No process runs its
// function twice at once.
func TestElect(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		operator := dial(t, b)
		leaders := make(chan *wsclient.Lock)
		down := make(chan struct{})
		lead := func(ctx context.Context) error {
			lock, _ := wsclient.LockFrom(ctx)
			leaders <- lock
			select {
			case <-ctx.Done():
			case <-down:
			}
			return ctx.Err()
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		ends := make(chan error, 3)
		for range 3 {
			c := dial(t, b)
			var leads atomic.Int64
			go func() {
				ends <- c.Elect(ctx, "leader", nil, func(ctx context.Context) error {
					if n := leads.Add(1); n > 1 {
						t.Errorf("one process leads %d times at once", n)
					}
					defer leads.Add(-1)
					return lead(ctx)
				})
			}()
		}
		var token int64
		for term := range 6 {
			lock := <-leaders
			synctest.Wait()
			if lock.Token() <= token || listing(t, operator)["leader"] != [2]int{1, 2} {
				t.Errorf("term %d: token %d after %d, %v", term, lock.Token(), token,
					listing(t, operator))
			}
			token = lock.Token()
			if term%2 == 0 {
				_ = operator.Evict(t.Context(), lock.ID(), "next, please")
			} else {
				down <- struct{}{}
			}
			pass(10 * time.Second)
		}
		<-leaders
		stop := errors.New("shutdown")
		cancel(stop)
		for range 3 {
			if err := <-ends; !errors.Is(err, stop) {
				t.Errorf("got %v, want the cause of the context", err)
			}
		}
		synctest.Wait() // the broker has read the cancels
		if got := listing(t, operator); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}

// A function that returns at once, or loses its lock at once, is called again after pauses that grow.
func TestElectPauses(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, operator := dial(t, b), dial(t, b)
		for name, lead := range map[string]func(ctx context.Context) error{
			"returns": func(context.Context) error { return nil },
			"loses": func(ctx context.Context) error {
				lock, _ := wsclient.LockFrom(ctx)
				_ = operator.Evict(t.Context(), lock.ID(), "")
				<-ctx.Done()
				return fmt.Errorf("it stops: %w", ctx.Err())
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			terms := 0
			err := c.Elect(ctx, "leader", nil, func(ctx context.Context) error {
				terms++
				return lead(ctx)
			})
			cancel()
			// 6 pauses until they have grown to 2.5 to 5s, and then a term after each.
			if !errors.Is(err, context.DeadlineExceeded) || terms < 15 || terms > 31 {
				t.Errorf("%s: %d terms in a minute; %v", name, terms, err)
			}
		}
	})
}

// Elect stands again if the reason why it could not lead may pass. Otherwise it returns the error.
func TestElectEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, operator := dial(t, b), dial(t, b)
		never := neverCalled(t)
		var text strings.Builder
		expect := func(what string, got, want error) {
			t.Helper()
			if !errors.Is(got, want) {
				t.Errorf("%s: got %v, want %v", what, got, want)
			}
			fmt.Fprintf(&text, "%s\n  %v\n", what, got)
		}
		boom := errors.New("boom")
		expect("the function fails",
			c.Elect(t.Context(), "a", nil, func(context.Context) error { return boom }), boom)
		expect("Steal", c.Elect(t.Context(), "a", &wsclient.AcquireOptions{Steal: true}, never),
			wsclient.ErrBadRequest)
		expect("a bad name", c.Elect(t.Context(), "", nil, never), wsclient.ErrBadRequest)

		held := acquire(t.Context(), t, operator, "a", wsclient.AcquireOptions{})
		ended := make(chan error, 1)
		go func() { ended <- c.Elect(t.Context(), "a", &wsclient.AcquireOptions{Wait: 1}, never) }()
		synctest.Wait()
		waiter := waiterOf(t, operator, "a")
		if err := operator.Evict(t.Context(), waiter, "not you"); err != nil {
			t.Error(err)
		}
		pass(time.Minute)
		if waiterOf(t, operator, "a") == waiter {
			t.Error("it was not evicted")
		}
		_ = c.Close()
		expect("the client is closed", <-ended, wsclient.ErrClosed)
		_ = held.Release()
		expectGolden(t, "elect.golden", text.String())
	})
}

// waiterOf returns the id of the request that waits for the lock.
func waiterOf(t *testing.T, c *wsclient.Client, name string) wsclient.ID {
	t.Helper()
	for lock, err := range c.Info(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if lock.Name == name && len(lock.Waiters) == 1 {
			return lock.Waiters[0].ID
		}
	}
	t.Fatalf("%s has no waiter", name)
	return wsclient.ID{}
}

// An error of the function after its context has ended counts only if it says more than that.
func TestElectStops(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		boom, stop := errors.New("cannot flush"), errors.New("shutdown")
		for _, test := range []struct{ result, want error }{
			{nil, stop}, {context.Canceled, stop}, {fmt.Errorf("it stops: %w", stop), stop}, {boom, boom},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			err := c.Elect(ctx, "a", nil, func(ctx context.Context) error {
				cancel(stop)
				<-ctx.Done()
				return test.result
			})
			if err == nil || !errors.Is(err, test.want) {
				t.Errorf("the function returns %v: got %v, want %v", test.result, err, test.want)
			}
		}
	})
}

// When the client is closed, Elect does not first wait until its pause is over.
func TestElectEndsWithTheClient(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		returned := make(chan time.Time)
		ended := make(chan error, 1)
		go func() {
			ended <- c.Elect(t.Context(), "a", nil, func(context.Context) error {
				returned <- time.Now()
				return nil
			})
		}()
		var closed time.Time
		for range 8 { // the pauses grow to at least 2.5s
			closed = <-returned
		}
		synctest.Wait()
		_ = c.Close()
		if err := <-ended; !errors.Is(err, wsclient.ErrClosed) || time.Since(closed) > time.Second {
			t.Errorf("got %v after %v, want ErrClosed at once", err, time.Since(closed))
		}
	})
}

// When the function panics, the lock is released.
func TestElectPanics(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		defer func() {
			if recover() != "boom" {
				t.Error("no panic")
			}
			if got := listing(t, c); len(got) != 0 {
				t.Errorf("left behind: %v", got)
			}
		}()
		_ = c.Elect(t.Context(), "a", nil, func(context.Context) error { panic("boom") })
	})
}

// A candidate stands again after its connection has ended, and leads again.
func TestElectReconnects(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		link := b.NewLink()
		c := dial(t, b, wsclient.Options{NetDial: link.Dial})
		ctx, cancel := context.WithCancel(t.Context())
		terms := 0
		err := c.Elect(ctx, "a", nil, func(ctx context.Context) error {
			if terms++; terms == 3 {
				cancel()
			} else {
				link.Cut()
			}
			<-ctx.Done()
			return context.Cause(ctx)
		})
		if !errors.Is(err, context.Canceled) || terms != 3 {
			t.Errorf("got %v after %d terms", err, terms)
		}
	})
}

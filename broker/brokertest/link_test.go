package brokertest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// onLink runs f in a bubble, with a client that is connected through a link and holds a lock.
func onLink(t *testing.T, f func(t *testing.T, link *brokertest.Link, c *wsclient.Client, held *wsclient.Lock)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		defer b.Stop()
		link := b.NewLink()
		c, err := wsclient.Dial(t.Context(), b.URL(), &wsclient.Options{NetDial: link.Dial, NoReconnect: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		held, err := c.Acquire(t.Context(), "a", nil)
		if err != nil {
			t.Fatal(err)
		}
		f(t, link, c, held)
	})
}

// lostAfter checks when and why a lock is lost.
func lostAfter(t *testing.T, held *wsclient.Lock, want time.Duration, reason wsclient.LostReason) {
	t.Helper()
	start := time.Now()
	<-held.Context().Done()
	var lost *wsclient.LostError
	if !errors.As(context.Cause(held.Context()), &lost) || lost.Reason != reason {
		t.Errorf("lost because of %v, want %s", context.Cause(held.Context()), reason)
	}
	if took := time.Since(start); took != want {
		t.Errorf("lost after %v, want %v", took, want)
	}
}

func TestCut(t *testing.T) {
	onLink(t, func(t *testing.T, link *brokertest.Link, _ *wsclient.Client, held *wsclient.Lock) {
		link.Cut()
		lostAfter(t, held, 0, wsclient.LostConnection)
	})
}

// A frozen network causes no error: the client loses the lock when its lease ends.
func TestFreeze(t *testing.T) {
	onLink(t, func(t *testing.T, link *brokertest.Link, _ *wsclient.Client, held *wsclient.Lock) {
		link.Freeze()
		lostAfter(t, held, 10*time.Second, wsclient.LostLease)
	})
}

// Bytes that were held back are delivered after a thaw.
func TestThaw(t *testing.T) {
	onLink(t, func(t *testing.T, link *brokertest.Link, _ *wsclient.Client, held *wsclient.Lock) {
		link.Freeze()
		start := time.Now()
		time.AfterFunc(9*time.Second, link.Thaw)
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 9*time.Second {
			t.Errorf("released after %v, want 9s", took)
		}
	})
}

// The delay applies to each direction, and the order is kept.
func TestDelay(t *testing.T) {
	onLink(t, func(t *testing.T, link *brokertest.Link, c *wsclient.Client, held *wsclient.Lock) {
		link.Delay(70 * time.Millisecond)
		start := time.Now()
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 140*time.Millisecond {
			t.Errorf("released after %v, want 140ms", took)
		}
		link.Delay(0)
		if _, err := c.Acquire(t.Context(), "b", nil); err != nil {
			t.Error(err)
		}
	})
}

// After a cut on the broker's side only, the broker gives the lock to the next client at once. The
// holder does not notice the cut.
func TestCutBroker(t *testing.T) {
	onLink(t, func(t *testing.T, link *brokertest.Link, _ *wsclient.Client, held *wsclient.Lock) {
		link.CutBroker()
		other, err := wsclient.Dial(t.Context(), "ws://broker.test", &wsclient.Options{NetDial: link.Dial})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Close() }()
		start := time.Now()
		if _, err := other.Acquire(t.Context(), "a", nil); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 0 || held.Context().Err() != nil {
			t.Errorf("granted after %v; the holder: %v", took, held.Context().Err())
		}
		lostAfter(t, held, 10*time.Second, wsclient.LostLease)
	})
}

// A Dial over a frozen network waits until its context ends.
func TestDialWhileFrozen(t *testing.T) {
	onLink(t, func(t *testing.T, link *brokertest.Link, _ *wsclient.Client, _ *wsclient.Lock) {
		link.Freeze()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := link.Dial(ctx, "", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
	})
}

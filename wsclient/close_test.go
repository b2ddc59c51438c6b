package wsclient_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Close ends held locks from the inside out, and then waiting calls. Later calls fail with ErrClosed.
func TestCloseInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		_ = acquire(t.Context(), t, other, "x", wsclient.AcquireOptions{})
		waits := startAcquire(t.Context(), c, "x", nil)
		err := c.WithLock(t.Context(), "a", nil, func(outer context.Context) error {
			err := c.WithLock(outer, "b", nil, func(inner context.Context) error {
				_ = c.Close()
				// If the outer lock had ended first, the inner context, which is derived from it,
				// would have the same cause.
				if context.Cause(inner) == context.Cause(outer) { //nolint:errorlint // identity
					t.Error("the outer lock ended before the inner one")
				}
				return nil
			})
			expectLost(t, err, wsclient.LostClosed)
			return nil
		})
		expectLost(t, err, wsclient.LostClosed)
		<-waits.done
		if !errors.Is(waits.err, wsclient.ErrClosed) {
			t.Errorf("the waiter: got %v, want ErrClosed", waits.err)
		}
		if _, err := c.Acquire(t.Context(), "a", nil); !errors.Is(err, wsclient.ErrClosed) {
			t.Errorf("the new call: got %v, want ErrClosed", err)
		}
		synctest.Wait() // the broker has seen the end of the session
		if got := listing(t, other); len(got) != 1 {
			t.Errorf("the broker has %v", got)
		}
	})
}

// Close does not wait for a broker that cannot be reached.
func TestCloseWhileOffline(t *testing.T) {
	onLink(t, func(t *testing.T, _ *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		link.Freeze()
		link.Cut()
		waits := startAcquire(t.Context(), c, "a", nil)
		start := time.Now()
		_ = c.Close()
		<-waits.done
		if took := time.Since(start); took != 0 || !errors.Is(waits.err, wsclient.ErrClosed) {
			t.Errorf("it took %v; the waiter: %v", took, waits.err)
		}
	})
}

// Drain lets holders finish, with the locks that they need for that. It ends all other calls.
func TestDrain(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		x := acquire(t.Context(), t, other, "x", wsclient.AcquireOptions{})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		waits := startAcquire(t.Context(), c, "x", nil)
		drained := make(chan error, 1)
		go func() { drained <- c.Drain(t.Context()) }()
		synctest.Wait()
		<-waits.done
		if !errors.Is(waits.err, wsclient.ErrClosed) {
			t.Errorf("the waiter: got %v, want ErrClosed", waits.err)
		}
		if _, err := c.Acquire(t.Context(), "b", nil); !errors.Is(err, wsclient.ErrClosed) {
			t.Errorf("the new call: got %v, want ErrClosed", err)
		}
		inner := acquire(held.Context(), t, c, "b", wsclient.AcquireOptions{})
		pass(time.Hour)
		if held.Context().Err() != nil || c.Err() != nil {
			t.Errorf("lock: %v; client: %v", held.Context().Err(), c.Err())
		}
		_ = inner.Release()
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		if err := <-drained; err != nil || !errors.Is(c.Err(), wsclient.ErrClosed) {
			t.Errorf("Drain: %v; client: %v", err, c.Err())
		}
		_ = x.Release()
		synctest.Wait()
		if got := listing(t, other); len(got) != 0 {
			t.Errorf("left behind: %v", got)
		}
	})
}

// If holders do not finish in time, Drain closes the client anyway.
func TestDrainTimesOut(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		err := c.Drain(ctx)
		if took := time.Since(start); took != 3*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v after %v", err, took)
		}
		expectLost(t, context.Cause(held.Context()), wsclient.LostClosed)
		if err := c.Drain(t.Context()); err != nil {
			t.Errorf("a second time: %v", err)
		}
	})
}

// A close code after which the protocol's tables forbid a retry ends the client.
func TestFinalClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var dialing sync.WaitGroup
		dialing.Go(func() {
			ws := <-s.ups
			_ = ws.WriteMessage(websocket.TextMessage, []byte(hello(15*time.Second)))
			_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(wire.CloseTooBig, ""),
				time.Time{})
			_ = ws.Close()
		})
		c, err := wsclient.Dial(t.Context(), "ws://stage", &wsclient.Options{NetDial: s.dial})
		dialing.Wait()
		if err == nil {
			<-c.Done()
			err = c.Err()
		}
		if !strings.Contains(err.Error(), "1009") {
			t.Errorf("got %v, want the close code", err)
		}
		if c != nil {
			_ = c.Close()
		}
	})
}

// After a final refusal the client makes no other attempt, even with WaitForBroker.
func TestFinalRefusal(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		http.Error(w, "who are you?", http.StatusUnauthorized)
	}))
	defer server.Close()
	url := "ws" + strings.TrimPrefix(server.URL, "http")
	_, err := wsclient.Dial(t.Context(), url, &wsclient.Options{WaitForBroker: true})
	if !errors.Is(err, wsclient.ErrForbidden) || !strings.Contains(err.Error(), "401") ||
		!strings.Contains(err.Error(), "who are you?") || asked != 1 {
		t.Errorf("%d attempts, %v", asked, err)
	}
}

package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// In these tests the end of a connection meets something else that happens at the same moment.

// If a wait is over while the broker's refusal is on its way, the call times out. The refusal alone would only have
// made the request pending.
func TestWaitIsOverWhenTheBrokerStops(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		_ = acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
		link.Delay(time.Second)
		waits := startAcquire(t.Context(), c, "a", &wsclient.AcquireOptions{Wait: 3 * time.Second})
		pass(3500 * time.Millisecond)
		go b.Stop() // no other broker follows
		pass(2 * time.Second)
		if !waits.isDone() {
			t.Fatal("the call still waits")
		}
		if !errors.Is(waits.err, wsclient.ErrTimeout) {
			t.Errorf("got %v, want ErrTimeout", waits.err)
		}
	})
}

// A grant does not count if its connection ends before the caller has noticed it. The caller goes on waiting, and
// gets another grant.
func TestGrantMeetsTheCut(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		late, link := newLateConn(), b.NewLink()
		c := dial(t, b, wsclient.Options{NetDial: late.dialer(link.Dial)})
		for n := range 20 {
			late.holdBack()
			waits := startAcquire(t.Context(), c, "a", &wsclient.AcquireOptions{Hold: time.Hour})
			link.Cut() // the client still reads what the broker sent before
			late.letThrough()
			<-waits.done
			if waits.err != nil {
				t.Fatalf("%d: %v", n, waits.err)
			}
			_ = waits.lock.Release() // if the caller was faster, it has lost the lock now
		}
	})
}

// If the next broker has lower limits, the pending requests that exceed them fail, and no others.
func TestNextBrokerHasLowerLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := brokertest.Start(t, broker.Config{})
		second := brokertest.Start(t, broker.Config{Limits: wire.Limits{MessageBytes: 1024}})
		defer second.Stop()
		var current atomic.Pointer[brokertest.Server]
		current.Store(first)
		link := brokertest.NewLink(func(ctx context.Context, network, address string) (net.Conn, error) {
			return current.Load().Dial(ctx, network, address)
		})
		c := dial(t, first, wsclient.Options{NetDial: link.Dial})
		_ = acquire(t.Context(), t, dial(t, first, wsclient.Options{NoReconnect: true}), "a",
			wsclient.AcquireOptions{})
		long := &wsclient.AcquireOptions{}
		for n := range 10 {
			long.Also = append(long.Also, wsclient.LockSpec{Name: fmt.Sprintf("%0200d", n)})
		}
		large, small := startAcquire(t.Context(), c, "a", long), startAcquire(t.Context(), c, "a", nil)
		current.Store(second)
		first.Stop()
		<-large.done
		<-small.done
		if !errors.Is(large.err, wsclient.ErrBadRequest) || small.err != nil {
			t.Errorf("large: %v, want ErrBadRequest; small: %v", large.err, small.err)
		}
		_ = c.Close()
		link.Cut()
	})
}

// A request whose frame would be too long fails, and does not end the connection.
func TestFrameThatIsTooLong(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		var many wsclient.AcquireOptions
		for n := range 60 {
			// each takes six bytes in JSON
			many.Also = append(many.Also,
				wsclient.LockSpec{Name: fmt.Sprint(n) + strings.Repeat("\x01", 500)})
		}
		if _, err := c.Acquire(t.Context(), "b", &many); !errors.Is(err, wsclient.ErrBadRequest) {
			t.Errorf("got %v, want ErrBadRequest", err)
		}
		if err := held.Release(); err != nil {
			t.Error(err)
		}
	})
}

// slowConn is a line that takes some time for each byte.
type slowConn struct {
	net.Conn
	perByte time.Duration
}

func (c slowConn) Write(p []byte) (int, error) {
	time.Sleep(time.Duration(len(p)) * c.perByte) //nolint:forbidigo // virtual time
	return c.Conn.Write(p)
}

// On a slow line it may take longer than a lease to submit all waiters again. The heartbeat does not wait for that.
func TestManyWaitOnASlowLine(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		_ = acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
		link := b.NewLink()
		var dialed atomic.Int32
		c := dial(t, b, wsclient.Options{NetDial: func(
			ctx context.Context, network, address string,
		) (net.Conn, error) {
			dialed.Add(1)
			conn, err := link.Dial(ctx, network, address)
			return slowConn{conn, 5 * time.Microsecond}, err // 200 kB/s
		}})
		ctx, cancel := context.WithCancel(t.Context())
		const waiters = 3000 // of about 1.1 kB
		options := &wsclient.AcquireOptions{Also: []wsclient.LockSpec{{Name: strings.Repeat("x", 500)},
			{Name: strings.Repeat("y", 500)}}}
		failed := make(chan error, waiters)
		for range waiters {
			go func() {
				_, err := c.Acquire(ctx, "a", options)
				failed <- err
			}()
		}
		pass(time.Minute)
		link.Cut()
		pass(time.Minute)
		if got := dialed.Load(); got != 2 {
			t.Errorf("%d connections, want 2", got)
		}
		if got := listing(t, c)["a"]; got != [2]int{1, waiters} {
			t.Errorf("a: %v, want %d waiters", got, waiters)
		}
		cancel()
		for range waiters {
			if err := <-failed; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
	})
}

// silentDial connects to a peer that reads and never answers.
func silentDial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	return near, nil
}

// A caller that gives up during the handshake need not wait for the other side.
func TestGiveUpDuringHandshake(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := wsclient.Dial(ctx, b.URL(), &wsclient.Options{NetDial: silentDial})
		if took := time.Since(start); took != time.Second || !errors.Is(err, context.Canceled) {
			t.Errorf("Dial: %v after %v", err, took)
		}

		var silent atomic.Bool
		link := b.NewLink()
		c := dial(t, b, wsclient.Options{NetDial: func(
			ctx context.Context, network, address string,
		) (net.Conn, error) {
			if silent.Load() {
				return silentDial(ctx, network, address)
			}
			return link.Dial(ctx, network, address)
		}})
		silent.Store(true)
		link.Cut()
		pass(time.Second)
		start = time.Now()
		_ = c.Close()
		if took := time.Since(start); took != 0 {
			t.Errorf("Close took %v", took)
		}
	})
}

// TryAcquire sends its request however short its Wait is.
func TestTryAcquireIgnoresWait(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		type call = func(context.Context, string, *wsclient.AcquireOptions) (*wsclient.Lock, error)
		for n, call := range []call{c.TryAcquire, c.Acquire} {
			if _, err := call(t.Context(), fmt.Sprint("free", n),
				&wsclient.AcquireOptions{Wait: 1}); err != nil {
				t.Error(err)
			}
		}
	})
}

// State returns the present state, not the one that OnState was last called with.
func TestStateIsCurrent(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		for range 10 {
			c := dial(t, b)
			if got := c.State(); got != wsclient.Connected {
				t.Errorf("after Dial: %v", got)
			}
			_ = c.Close()
			if got := c.State(); got != wsclient.Closed {
				t.Errorf("after Close: %v", got)
			}
		}
		link.Freeze()
		link.Cut()
		synctest.Wait()
		if got := c.State(); got != wsclient.Connecting {
			t.Errorf("after a cut: %v", got)
		}
		link.Thaw()
	})
}

// After the release of its outer lock, a request is no longer inside it. It goes on waiting on the next connection,
// and Drain ends it.
func TestInsideAReleasedLock(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		other := acquire(t.Context(), t, dial(t, b), "b", wsclient.AcquireOptions{})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		moves := startAcquire(context.WithoutCancel(held.Context()), c, "b", nil)
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		link.Cut()
		pass(time.Second)
		_ = other.Release()
		<-moves.done
		if moves.err != nil {
			t.Fatal(moves.err)
		}

		held = acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		// it waits for moves.lock, which does not enclose it
		waits := startAcquire(context.WithoutCancel(held.Context()), c, "b", nil)
		drained := make(chan error, 1)
		go func() { drained <- c.Drain(t.Context()) }()
		synctest.Wait()
		if waits.isDone() {
			t.Errorf("cancelled although it is inside a held lock: %v", waits.err)
		}
		_ = held.Release()
		<-waits.done
		if !errors.Is(waits.err, wsclient.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", waits.err)
		}
		_ = moves.lock.Release()
		if err := <-drained; err != nil {
			t.Error(err)
		}
	})
}

// A call inside a lost lock fails with that loss, before the next connection and after it.
func TestInsideALostLock(t *testing.T) {
	onLink(t, func(t *testing.T, _ *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		link.Freeze()
		link.Cut()
		<-held.Context().Done()
		for range 2 {
			waits := startAcquire(context.WithoutCancel(held.Context()), c, "b", nil)
			if !waits.isDone() {
				t.Fatal("it waits inside a lost lock")
			}
			expectLost(t, waits.err, wsclient.LostConnection)
			link.Thaw()
			pass(10 * time.Second)
		}
	})
}

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

// Where the end of a connection meets something else that happens in that moment.

// A wait that is over while the broker's refusal is on its way is over, although
// that refusal alone would only have set the request aside.
func TestWaitIsOverWhenTheBrokerStops(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		_ = acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
		link.Delay(time.Second)
		waits := startAcquire(t.Context(), c, "a", &wsclient.AcquireOptions{Wait: 3 * time.Second})
		pass(3500 * time.Millisecond)
		go b.Stop() // and no other broker comes
		pass(2 * time.Second)
		if !waits.isDone() {
			t.Fatal("it still waits")
		}
		if !errors.Is(waits.err, wsclient.ErrTimeout) {
			t.Errorf("got %v, want ErrTimeout", waits.err)
		}
	})
}

// A grant that arrives together with the end of its connection, before the caller
// has noticed, is none: the caller goes on waiting, and gets another.
func TestGrantMeetsTheCut(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		late, link := newLateConn(), b.NewLink()
		c := dial(t, b, wsclient.Options{NetDial: late.dialer(link.Dial)})
		for n := range 20 {
			late.holdBack()
			waits := startAcquire(t.Context(), c, "a", &wsclient.AcquireOptions{Hold: time.Hour})
			link.Cut() // what the broker has sent before is still read
			late.letThrough()
			<-waits.done
			if waits.err != nil {
				t.Fatalf("%d: %v", n, waits.err)
			}
			_ = waits.lock.Release() // if the caller was faster than the end, it has lost it now
		}
	})
}

// A broker that allows less than the one before refuses what waits for it, and
// nothing else.
func TestNextBrokerAllowsLess(t *testing.T) {
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

// A request whose frame would be too long costs nobody the connection.
func TestFrameThatIsTooLong(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		var many wsclient.AcquireOptions
		for n := range 60 {
			// six bytes each, in JSON
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

// slowConn is a line on which each byte takes its time.
type slowConn struct {
	net.Conn
	perByte time.Duration
}

func (c slowConn) Write(p []byte) (int, error) {
	time.Sleep(time.Duration(len(p)) * c.perByte) //nolint:forbidigo // virtual time
	return c.Conn.Write(p)
}

// On a slow line it may take longer than a lease to ask for all that waits. The
// heartbeat does not wait for that.
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

// silentDial connects to somebody who reads and never answers.
func silentDial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	return near, nil
}

// Whoever gives up while hands are shaken need not wait for the other side.
func TestGiveUpWhileShakingHands(t *testing.T) {
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

// What does not wait is asked for however short a wait it was given.
func TestTryAcquireLooksAtNoWait(t *testing.T) {
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

// State is what it is, not what OnState was told of.
func TestStateIsThePresentOne(t *testing.T) {
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

// What was asked for inside a lock that was released since is not inside any more:
// it goes on waiting on the next connection, and Drain does not wait for it.
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
		// for moves.lock, which it has no part in
		waits := startAcquire(context.WithoutCancel(held.Context()), c, "b", nil)
		drained := make(chan error, 1)
		go func() { drained <- c.Drain(t.Context()) }()
		synctest.Wait()
		if waits.isDone() {
			t.Errorf("withdrawn although it is inside: %v", waits.err)
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

// What is asked for inside a lock that is lost fails because of that, before the
// next connection and after it.
func TestInsideALostLock(t *testing.T) {
	onLink(t, func(t *testing.T, _ *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		link.Freeze()
		link.Cut()
		<-held.Context().Done()
		for range 2 {
			waits := startAcquire(context.WithoutCancel(held.Context()), c, "b", nil)
			if !waits.isDone() {
				t.Fatal("it waits, in vain")
			}
			expectLost(t, waits.err, wsclient.LostConnection)
			link.Thaw()
			pass(10 * time.Second)
		}
	})
}

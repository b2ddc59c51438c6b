package wsclient_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// While a broker stops, waiters and new calls wait for the next broker. OnState reports each step.
func TestNextBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := brokertest.Start(t, broker.Config{Drain: 10 * time.Second})
		second := brokertest.Start(t, broker.Config{})
		defer second.Stop()
		var current atomic.Pointer[brokertest.Server]
		current.Store(first)
		states := make(chan wsclient.State, 100)
		c, err := wsclient.Dial(t.Context(), "ws://broker.test", &wsclient.Options{
			NetDial: func(ctx context.Context, network, address string) (net.Conn, error) {
				return current.Load().Dial(ctx, network, address)
			},
			OnState: func(s wsclient.State, _ error) { states <- s },
		})
		if err != nil {
			t.Fatal(err)
		}
		expectState(t, states, wsclient.Connected)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		waits := startAcquire(t.Context(), c, "a", nil)
		go first.Stop()
		expectState(t, states, wsclient.Draining)
		comes := startAcquire(t.Context(), c, "b", nil)
		if _, err := c.TryAcquire(t.Context(), "b", nil); !errors.Is(err, wsclient.ErrShuttingDown) {
			t.Errorf("a call that does not wait: got %v, want ErrShuttingDown", err)
		}
		if _, err := c.Acquire(held.Context(), "c", nil); !errors.Is(err, wsclient.ErrShuttingDown) {
			t.Errorf("inside a lock: got %v, want ErrShuttingDown", err)
		}
		if waits.isDone() || comes.isDone() {
			t.Errorf("the waiter: %v; the new call: %v", waits.err, comes.err)
		}
		current.Store(second)
		if err := held.Release(); err != nil {
			t.Error(err)
		}
		expectState(t, states, wsclient.Connecting)
		<-waits.done
		<-comes.done
		if waits.err != nil || comes.err != nil {
			t.Errorf("the waiter: %v; the new call: %v", waits.err, comes.err)
		}
		expectState(t, states, wsclient.Connected)
		_ = c.Close()
		expectState(t, states, wsclient.Closed)
	})
}

// With WaitForBroker, Dial makes attempts until there is a broker, or ctx ends.
func TestWaitForBroker(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		refused := errors.New("connection refused")
		up := time.Now().Add(time.Minute)
		failures := 0
		options := &wsclient.Options{
			WaitForBroker: true,
			NetDial: func(ctx context.Context, network, address string) (net.Conn, error) {
				if time.Now().Before(up) {
					return nil, refused
				}
				return b.Dial(ctx, network, address)
			},
			OnState: func(s wsclient.State, why error) {
				if s == wsclient.Connecting && errors.Is(why, refused) {
					failures++
				}
			},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := wsclient.Dial(ctx, b.URL(), options); !errors.Is(err, context.DeadlineExceeded) ||
			!errors.Is(err, refused) {
			t.Errorf("got %v, want what went wrong and DeadlineExceeded", err)
		}
		c, err := wsclient.Dial(t.Context(), b.URL(), options)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if late := time.Since(up); late < 0 || late > 5*time.Second {
			t.Errorf("connected %v after the broker had started", late)
		}
		if failures < 12 || failures > 100 {
			t.Errorf("%d attempts in 80 seconds, want some dozens", failures)
		}
	})
}

// The client pauses between attempts to reach a broker that is away.
func TestPausesBetweenAttempts(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		link := b.NewLink()
		var away atomic.Bool
		attempts := 0
		c := dial(t, b, wsclient.Options{NetDial: func(
			ctx context.Context, network, address string,
		) (net.Conn, error) {
			if away.Load() {
				attempts++
				return nil, errors.New("connection refused")
			}
			return link.Dial(ctx, network, address)
		}})
		away.Store(true)
		link.Cut()
		pass(time.Minute)
		_ = c.Close()
		if attempts < 12 || attempts > 100 {
			t.Errorf("%d attempts in a minute, want some dozens", attempts)
		}
	})
}

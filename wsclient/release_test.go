package wsclient_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// The context of a lock ends before the broker is asked to take the lock back:
// here it has ended although the broker never hears of it.
func TestContextEndsBeforeTheRelease(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		mute := &muteConn{}
		c := dial(t, b, wsclient.Options{NetDial: func(ctx context.Context, network, address string) (_ net.Conn, err error) {
			mute.Conn, err = b.Dial(ctx, network, address)
			return mute, err
		}})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		mute.silence.Store(true)
		released := make(chan error, 1)
		go func() { released <- held.Release() }()
		synctest.Wait()
		if cause := context.Cause(held.Context()); cause != wsclient.ErrReleased { //nolint:errorlint // identity is promised
			t.Errorf("cause: got %v, want ErrReleased", cause)
		}
		// That it was released nobody has confirmed.
		expectLost(t, <-released, wsclient.LostLease)
		_ = mute.Conn.Close()
	})
}

// Any number of goroutines may release one lock: it is released once, and all
// of them return when it is.
func TestReleaseConcurrently(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		next := make(chan *wsclient.Lock, 1)
		go func() { next <- acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{}) }()
		synctest.Wait()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if err := held.Release(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		lock := <-next
		if lock.Context().Err() != nil {
			t.Error("a second release has ended the next holder's lock")
		}
		_ = lock.Release()
	})
}

// Durations are counted in milliseconds, rounded up: never less than was asked for.
func TestDurationsAreRoundedUp(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		start := time.Now()
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{Hold: 5*time.Millisecond + 1})
		_, err := other.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Wait: time.Millisecond + 1})
		if took := time.Since(start); !errors.Is(err, wsclient.ErrTimeout) || took != 2*time.Millisecond {
			t.Errorf("waiting: got %v after %v, want ErrTimeout after 2ms", err, took)
		}
		<-held.Context().Done()
		if took := time.Since(start); took != 6*time.Millisecond {
			t.Errorf("holding: lost after %v, want 6ms", took)
		}
		_ = held.Release()
	})
}

// Nobody waits for a broker that never says hello.
func TestDialGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				buffer := make([]byte, 4096)
				for {
					if _, err := server.Read(buffer); err != nil {
						return
					}
				}
			}()
			return client, nil
		}
		start := time.Now()
		_, err := wsclient.Dial(t.Context(), "ws://silent", &wsclient.Options{NetDial: silent})
		if err == nil || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v, want an error after 10s", err, time.Since(start))
		}
		for _, address := range []string{"http://x", "::", "x"} {
			if _, err := wsclient.Dial(t.Context(), address, nil); err == nil {
				t.Errorf("Dial(%q): no error", address)
			}
		}
	})
}

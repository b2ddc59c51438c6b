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

// The context of a lock ends before the client sends the release. Here it ends although the broker never hears of the
// release.
func TestContextEndsBeforeTheRelease(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		mute := &muteConn{}
		c := dial(t, b, wsclient.Options{NetDial: func(
			ctx context.Context, network, address string,
		) (_ net.Conn, err error) {
			mute.Conn, err = b.Dial(ctx, network, address)
			return mute, err
		}})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		mute.silence.Store(true)
		released := make(chan error, 1)
		go func() { released <- held.Release() }()
		synctest.Wait()
		cause := context.Cause(held.Context())
		if cause != wsclient.ErrReleased { //nolint:errorlint // identity is promised
			t.Errorf("cause: got %v, want ErrReleased", cause)
		}
		// The broker has not confirmed the release.
		expectLost(t, <-released, wsclient.LostLease)
		_ = mute.Conn.Close()
	})
}

// Any number of goroutines may release one lock. It is released once, and all of them return when it is.
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

// The broker counts Wait in milliseconds, rounded up: the wait is never shorter than the caller wanted.
func TestWaitIsRoundedUp(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c, other := dial(t, b), dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		start := time.Now()
		_, err := other.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Wait: time.Millisecond + 1})
		if took := time.Since(start); !errors.Is(err, wsclient.ErrTimeout) || took != 2*time.Millisecond {
			t.Errorf("got %v after %v, want ErrTimeout after 2ms", err, took)
		}
		_ = held.Release()
	})
}

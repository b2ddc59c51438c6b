package wsclient_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// When Hold has passed, the lock is lost. The context ends at once, and WithLock returns the loss although the
// callback noticed nothing.
func TestExpired(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		err := c.WithLock(t.Context(), "a", &wsclient.AcquireOptions{Hold: time.Second},
			func(ctx context.Context) error {
				start := time.Now()
				<-ctx.Done()
				if took := time.Since(start); took != time.Second {
					t.Errorf("the context ended after %v, want 1s", took)
				}
				expectLost(t, context.Cause(ctx), wsclient.LostExpired)
				return nil
			})
		expectLost(t, err, wsclient.LostExpired)
	})
}

// If the network goes silent, the holder stops when Hold has passed. The broker, which hears nothing of that, gives
// the lock to the next waiter only later.
func TestHoldOnASilentNetwork(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		mute := &muteConn{}
		c := dial(t, b, wsclient.Options{NoReconnect: true, NetDial: func(
			ctx context.Context, network, address string,
		) (_ net.Conn, err error) {
			mute.Conn, err = b.Dial(ctx, network, address)
			return mute, err
		}})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{Hold: 3 * time.Second})
		mute.silence.Store(true)
		next := nextHolder(t, dial(t, b))

		start := time.Now()
		<-held.Context().Done()
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("lost after %v, want 3s", took)
		}
		expectLost(t, context.Cause(held.Context()), wsclient.LostExpired)
		expectLost(t, held.Release(), wsclient.LostExpired)
		if took := (<-next).Sub(start); took < 3*time.Second {
			t.Errorf("granted to the next waiter after %v, while the holder still counted it as held", took)
		}
		_ = mute.Conn.Close()
	})
}

// The hold begins when the grant arrives. Here the grant takes nearly as long as the lease, and then the network goes
// silent. Still the holder stops before the broker gives the lock to the next waiter.
func TestHoldOfALateGrant(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		mute, late := &muteConn{}, newLateConn()
		c := dial(t, b, wsclient.Options{NoReconnect: true, NetDial: func(
			ctx context.Context, network, address string,
		) (_ net.Conn, err error) {
			mute.Conn, err = b.Dial(ctx, network, address)
			late.Conn = mute
			return late, err
		}})
		pass(5 * time.Second) // a ping is answered
		late.holdBack()
		granted := make(chan *wsclient.Lock, 1)
		go func() {
			defer close(granted)
			granted <- acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{Hold: time.Second})
		}()
		synctest.Wait()
		next := nextHolder(t, dial(t, b))
		pass(9900 * time.Millisecond)
		late.letThrough()
		held, ok := <-granted
		if !ok {
			return // acquire has said why
		}
		synctest.Wait()
		mute.silence.Store(true)

		start := time.Now()
		<-held.Context().Done()
		lost := time.Now()
		if took := lost.Sub(start); took != time.Second {
			t.Errorf("lost after %v, want 1s", took)
		}
		if at := <-next; at.Before(lost) {
			t.Errorf("granted to the next waiter %v before the holder stopped", lost.Sub(at))
		}
		_ = mute.Conn.Close()
	})
}

// nextHolder queues c for the lock, and sends the time at which it is granted.
func nextHolder(t *testing.T, c *wsclient.Client) <-chan time.Time {
	granted := make(chan time.Time, 1)
	go func() {
		lock, err := c.Acquire(t.Context(), "a", nil)
		granted <- time.Now()
		if err != nil {
			t.Error(err)
			return
		}
		_ = lock.Release()
	}()
	synctest.Wait()
	return granted
}

// When Hold has passed, the client sends a cancel. A message of the broker that crosses it has no effect.
func TestCrossingTheEndOfAHold(t *testing.T) {
	for _, crossing := range []string{
		`{"type":"granted","id":"aaaaaaaa--0","token":1}`,
		`{"type":"lost","id":"aaaaaaaa--0","reason":"evicted","by":"ops"}`,
		`{"type":"cancelled","id":"aaaaaaaa--0"}`,
		`{"type":"error","id":"aaaaaaaa--0","code":"not_found","message":"no such request"}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			a, held := stageHold(t)
			pass(2 * time.Second)
			a.expect(`{"type":"cancel","id":"aaaaaaaa--0"}`)
			a.say(crossing)
			expectLost(t, context.Cause(held.Context()), wsclient.LostExpired)
			expectLost(t, held.Release(), wsclient.LostExpired)
			if sent := a.sent(); len(sent) > 0 || a.client.Err() != nil {
				t.Errorf("%s: sent %v; client: %v", crossing, sent, a.client.Err())
			}
		})
	}
}

// If a lock is released or lost before its Hold has passed, the Hold has no effect.
func TestHoldOfALockThatHasEnded(t *testing.T) {
	t.Run("released", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, held := stageHold(t)
			released := make(chan error, 1)
			go func() { released <- held.Release() }()
			a.expect(`{"type":"release","id":"aaaaaaaa--0"}`)
			pass(2 * time.Second) // the broker takes its time
			a.say(`{"type":"released","id":"aaaaaaaa--0"}`)
			if err := <-released; err != nil || len(a.sent()) > 0 {
				t.Errorf("got %v, sent %v", err, a.sent())
			}
		})
	})
	t.Run("lost", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, held := stageHold(t)
			a.say(`{"type":"lost","id":"aaaaaaaa--0","reason":"evicted","by":"ops"}`)
			pass(2 * time.Second)
			expectLost(t, held.Release(), wsclient.LostEvicted)
			if sent := a.sent(); len(sent) > 0 {
				t.Errorf("sent %v", sent)
			}
		})
	})
}

// stageHold returns a lock with a Hold of 2s, just granted, and the broker's side of its connection.
func stageHold(t *testing.T) (*actor, *wsclient.Lock) {
	t.Helper()
	a := newStage(t).enter()
	t.Cleanup(a.close)
	a.say(hello(15 * time.Second))
	if err := <-a.dialed; err != nil {
		t.Fatal(err)
	}
	granted := make(chan *wsclient.Lock, 1)
	go func() {
		lock, _ := a.client.Acquire(t.Context(), "a", &wsclient.AcquireOptions{Hold: 2 * time.Second})
		granted <- lock
	}()
	a.expect(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"a"}],"hold_ms":13200}`)
	a.say(`{"type":"granted","id":"aaaaaaaa--0","token":1}`)
	return a, <-granted
}

package wsclient_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

func expectLost(t *testing.T, err error, reason wsclient.LostReason) {
	t.Helper()
	var lost *wsclient.LostError
	if !errors.Is(err, wsclient.ErrLost) || !errors.As(err, &lost) || lost.Reason != reason {
		t.Errorf("got %v, want a LostError with reason %s", err, reason)
	}
}

// When the connection ends, whichever side ends it, held locks are lost at once, waiting calls fail, and Done is
// closed.
func TestConnectionEnds(t *testing.T) {
	tests := []struct {
		name   string
		end    func(c *wsclient.Client, conn net.Conn, b *brokertest.Server)
		reason wsclient.LostReason
		err    error
		waits  error // the error of a waiting call, if it is not err
	}{
		{"closed", func(c *wsclient.Client, _ net.Conn, _ *brokertest.Server) { _ = c.Close() },
			wsclient.LostClosed, wsclient.ErrClosed, nil},
		{"cut", func(_ *wsclient.Client, conn net.Conn, _ *brokertest.Server) { _ = conn.Close() },
			wsclient.LostConnection, wsclient.ErrConnection, nil},
		{"broker stops", func(_ *wsclient.Client, _ net.Conn, b *brokertest.Server) { b.Stop() },
			wsclient.LostConnection, wsclient.ErrConnection, wsclient.ErrShuttingDown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				var conn net.Conn
				c := dial(t, b, wsclient.Options{NoReconnect: true, NetDial: func(
					ctx context.Context, network, address string,
				) (_ net.Conn, err error) {
					conn, err = b.Dial(ctx, network, address)
					return conn, err
				}})
				held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
				waiting := make(chan error, 1)
				go func() {
					_, err := c.Acquire(t.Context(), "a", nil)
					waiting <- err
				}()
				pass(time.Second)
				start := time.Now()
				test.end(c, conn, b)

				<-held.Context().Done()
				if err := <-waiting; !errors.Is(err, cmp.Or(test.waits, test.err)) ||
					errors.Is(err, wsclient.ErrLost) {
					t.Errorf("waiting call: got %v, want %v", err, test.err)
				}
				<-c.Done()
				if took := time.Since(start); took != 0 {
					t.Errorf("it took %v", took)
				}
				expectLost(t, context.Cause(held.Context()), test.reason)
				expectLost(t, held.Release(), test.reason)
				if !errors.Is(c.Err(), test.err) {
					t.Errorf("Err: got %v, want %v", c.Err(), test.err)
				}
				if _, err := c.Acquire(t.Context(), "a", nil); !errors.Is(err, test.err) {
					t.Errorf("Acquire afterwards: got %v, want %v", err, test.err)
				}
			})
		})
	}
}

// When the network goes silent, the holder gives up at two thirds of the session timeout after it sent the last
// message that was answered. The broker gives the lock to the next waiter only after all of the session timeout. So
// the holder knows in time.
func TestSilentNetwork(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		mute := &muteConn{}
		c := dial(t, b, wsclient.Options{NoReconnect: true, NetDial: func(
			ctx context.Context, network, address string,
		) (_ net.Conn, err error) {
			mute.Conn, err = b.Dial(ctx, network, address)
			return mute, err
		}})
		other := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		pass(time.Minute + 1234*time.Millisecond)
		mute.silence.Store(true)
		start := time.Now()

		granted := make(chan time.Duration, 1)
		go func() {
			lock, err := other.Acquire(t.Context(), "a", nil)
			if err != nil {
				t.Error(err)
				return
			}
			granted <- time.Since(start)
			_ = lock.Release()
		}()
		<-held.Context().Done()
		lost := time.Since(start)
		expectLost(t, context.Cause(held.Context()), wsclient.LostLease)
		next := <-granted
		t.Logf("lost after %v, granted to the next waiter after %v", lost, next)
		if lost > 10*time.Second || next < lost+5*time.Second {
			t.Errorf("lost after %v, want 10s at most; granted to the next after %v, want 5s later or more",
				lost, next)
		}
		_ = mute.Conn.Close()
	})
}

// A holder that needs long to stop loses its lock earlier. Left says for how long nobody else can have the lock.
func TestTimeToStop(t *testing.T) {
	const needs = 5 * time.Second
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		link := b.NewLink()
		defer link.Cut()
		c := dial(t, b, wsclient.Options{NetDial: link.Dial, NoReconnect: true, StopTime: needs})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		pass(time.Minute + 1234*time.Millisecond)
		link.Freeze()
		granted := make(chan time.Time, 1)
		go func() {
			_ = acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
			granted <- time.Now()
		}()
		<-held.Context().Done()
		lost := new(wsclient.LostError)
		if !errors.As(context.Cause(held.Context()), &lost) || lost.Left() < needs {
			t.Fatalf("%v: %v are left", lost, lost.Left())
		}
		end := time.Now().Add(lost.Left())
		if next := <-granted; next.Before(end) {
			t.Errorf("granted to the next waiter %v before that", end.Sub(next))
		}
		if lost.Left() > 0 {
			t.Errorf("%v are left when the next waiter holds", lost.Left())
		}
	})
}

// A client that gives up because it hears nothing does not close the connection. The broker would notice that, and
// give its locks to others while their holders stop. The client closes the connection later, or when Close is called.
func TestGivingUpClosesNoConnection(t *testing.T) {
	for _, closes := range []bool{false, true} {
		t.Run(fmt.Sprintf("closed: %t", closes), func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *brokertest.Server) {
				deaf := &deafConn{}
				c := dial(t, b, wsclient.Options{NetDial: func(
					ctx context.Context, network, address string,
				) (_ net.Conn, err error) {
					if deaf.Conn != nil {
						return nil, errors.New("no network")
					}
					deaf.Conn, err = b.Dial(ctx, network, address)
					return deaf, err
				}})
				held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
				pass(time.Minute)
				deaf.deafness.Store(true)
				granted := make(chan time.Time, 1)
				go func() {
					_ = acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
					granted <- time.Now()
				}()
				<-held.Context().Done()
				lost := new(wsclient.LostError)
				if !errors.As(context.Cause(held.Context()), &lost) ||
					lost.Reason != wsclient.LostLease {
					t.Fatal(lost)
				}
				keeps := 5 * time.Second // the rest of the session timeout
				given := time.Now()
				if closes {
					pass(time.Second)
					keeps = time.Second
					_ = c.Close()
				}
				if after := (<-granted).Sub(given); after != keeps {
					t.Errorf("granted to the next waiter %v after the end, want %v", after,
						keeps)
				}
			})
		})
	}
}

// Drain does not close the connection while holders that have just lost their locks may need time to stop.
func TestDrainLetsHoldersStop(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		deaf := &deafConn{}
		c := dial(t, b, wsclient.Options{StopTime: 5 * time.Second, NoReconnect: true, NetDial: func(
			ctx context.Context, network, address string,
		) (_ net.Conn, err error) {
			deaf.Conn, err = b.Dial(ctx, network, address)
			return deaf, err
		}})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		pass(time.Minute)
		granted := make(chan time.Time, 1)
		go func() {
			_ = acquire(t.Context(), t, dial(t, b), "a", wsclient.AcquireOptions{})
			granted <- time.Now()
		}()
		pass(time.Second)
		drained := make(chan error, 1)
		go func() { drained <- c.Drain(t.Context()) }()
		deaf.deafness.Store(true)
		<-held.Context().Done()
		told := time.Now()
		if next := (<-granted).Sub(told); next < 5*time.Second {
			t.Errorf("granted to the next waiter %v after the holder lost it", next)
		}
		if err := <-drained; err != nil {
			t.Error(err)
		}
	})
}

// A holder has no time to stop if the broker has taken its lock.
func TestNoTimeToStop(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		if err := dial(t, b).Evict(t.Context(), held.ID(), ""); err != nil {
			t.Fatal(err)
		}
		<-held.Context().Done()
		lost := new(wsclient.LostError)
		if !errors.As(held.Release(), &lost) || lost.Left() != 0 {
			t.Errorf("%v: %v are left", lost, lost.Left())
		}
	})
}

// A holder that sends nothing keeps its lock as long as it likes.
func TestHeldForADay(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		c := dial(t, b)
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		pass(24 * time.Hour)
		if err := held.Release(); err != nil {
			t.Error(err)
		}
	})
}

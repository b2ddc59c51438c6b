package wsclient_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A broker announces that it stops. A client with NoReconnect then gets no more locks: its waiters and new calls are
// refused, its holders have some time to release, and then the connection ends.
func TestDraining(t *testing.T) {
	tests := []struct {
		name     string
		releases bool
		takes    time.Duration
	}{
		{"the holder releases", true, 0},
		{"the holder does not release", false, 10 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := brokertest.Start(t, broker.Config{Drain: 10 * time.Second})
				defer b.Stop()
				states := make(chan wsclient.State, 10)
				c := dial(t, b, wsclient.Options{NoReconnect: true,
					OnState: func(s wsclient.State, _ error) { states <- s }})
				expectState(t, states, wsclient.Connected)
				held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
				waiting := make(chan error, 1)
				go func() {
					_, err := c.Acquire(t.Context(), "a", nil)
					waiting <- err
				}()
				pass(time.Second)
				start := time.Now()
				go b.Stop()
				expectState(t, states, wsclient.Draining)
				if err := <-waiting; !errors.Is(err, wsclient.ErrShuttingDown) {
					t.Errorf("the waiter: got %v, want ErrShuttingDown", err)
				}
				if _, err := c.Acquire(t.Context(), "b", nil); !errors.Is(err,
					wsclient.ErrShuttingDown) {
					t.Errorf("the new call: got %v, want ErrShuttingDown", err)
				}
				if held.Context().Err() != nil || c.Err() != nil {
					t.Errorf("lock: %v; client: %v: want both still alive", held.Context().Err(),
						c.Err())
				}
				if test.releases {
					if err := held.Release(); err != nil {
						t.Error(err)
					}
				}
				<-c.Done()
				expectState(t, states, wsclient.Closed)
				if took := time.Since(start); took != test.takes ||
					!errors.Is(c.Err(), wsclient.ErrConnection) {
					t.Errorf("got %v after %v, want ErrConnection after %v", c.Err(), took,
						test.takes)
				}
				if !test.releases {
					expectLost(t, held.Release(), wsclient.LostConnection)
				}
			})
		})
	}
}

// A broker may announce more than once that it stops.
func TestDrainingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := stageClient(t)
		for range 2 {
			a.say(`{"type":"draining","grace_ms":10000}`)
			if got := a.client.State(); got != wsclient.Draining {
				t.Errorf("got state %v", got)
			}
		}
		if a.client.Err() != nil {
			t.Error(a.client.Err())
		}
	})
}

// expectState asserts that OnState is called with this state next, at this moment.
func expectState(t *testing.T, states <-chan wsclient.State, want wsclient.State) {
	t.Helper()
	synctest.Wait()
	select {
	case got := <-states:
		if got != want {
			t.Fatalf("the state is %v, want %v", got, want)
		}
	default:
		t.Fatalf("OnState is not called, want %v", want)
	}
}

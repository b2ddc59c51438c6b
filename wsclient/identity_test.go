package wsclient_test

import (
	"context"
	"errors"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A call inside a lock that is lost fails with an error that is the cause of the lock's context: errors.Is finds it.
func TestOuterLostIsTheCause(t *testing.T) {
	onLink(t, func(t *testing.T, b *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		other := dial(t, b)
		_ = acquire(t.Context(), t, other, "b", wsclient.AcquireOptions{})
		outer := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		inside := context.WithoutCancel(outer.Context())
		waits := startAcquire(inside, c, "b", nil)
		link.Cut()
		<-waits.done
		<-outer.Context().Done()
		_, late := c.Acquire(inside, "c", nil)
		_, covered := c.Acquire(inside, "a", nil)
		cause := context.Cause(outer.Context())
		for name, err := range map[string]error{"waited": waits.err, "late": late, "covered": covered} {
			if !errors.Is(err, cause) {
				t.Errorf("%s: got %v, which is not the cause %v", name, err, cause)
			}
		}
	})
}

// The end of a connection is one error, for OnState and for each caller that lost a lock or a wait with it.
func TestDisconnectIsOneError(t *testing.T) {
	inBubble(t, func(t *testing.T, b *brokertest.Server) {
		whys := make(chan error, 8)
		c := dial(t, b, wsclient.Options{NetDial: b.Dial, OnState: func(s wsclient.State, why error) {
			if s == wsclient.Connecting {
				select {
				case whys <- why:
				default:
				}
			}
		}})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		b.Stop()
		why := <-whys
		<-held.Context().Done()
		if cause := context.Cause(held.Context()); !errors.Is(cause, why) {
			t.Errorf("the lock is lost with %v, which is not %v", cause, why)
		}
		if _, err := c.TryAcquire(t.Context(), "a", nil); !errors.Is(err, why) {
			t.Errorf("TryAcquire: %v, which is not %v", err, why)
		}
	})
}

package wsclient_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Ping returns how long the message and its answer take on the network.
func TestPing(t *testing.T) {
	onLink(t, func(t *testing.T, _ *brokertest.Server, link *brokertest.Link, c *wsclient.Client) {
		link.Delay(30 * time.Millisecond)
		if took, err := c.Ping(t.Context()); took != 60*time.Millisecond || err != nil {
			t.Errorf("got %v, %v, want 60ms", took, err)
		}
		link.Freeze()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
		link.Thaw()
	})
}

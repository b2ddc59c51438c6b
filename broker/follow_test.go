package broker_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"
)

// A standby leaves an owner that is frozen when another broker has taken over. So that one can hand over to it.
func TestStandbyLeavesFrozenOwner(t *testing.T) {
	inCluster(t, 2, func(c *clusterRig) {
		plain, link := c.transport(), c.rigs[0].server.NewLink()
		c.addThrough("ws://b2.test:27002", &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == "b0.test:27002" {
					return link.Dial(ctx, network, address)
				}
				return plain.DialContext(ctx, network, address)
			},
		})
		pass(2 * time.Second)
		link.Freeze()
		c.links[0].setCut(true)
		c.links[2].setCut(true) // so that the second broker takes over, not the third
		pass(takeover + 2*time.Second)
		c.links[2].setCut(false)
		pass(time.Second)
		second := c.rigs[1]
		if !second.broker.Serves() {
			t.Fatal("the second broker has not taken over")
		}
		a := second.connectLasting("a", "moved")
		pass(time.Minute) // the grace period
		a.acquireOwn()
		second.server.Stop()
		a.expect(`{"type":"moving"}`)
		a.expectClose(1012, "the broker stops")
		c.links[0].setCut(false)
		link.Thaw()
		pass(time.Second)
	})
}

package broker_test

import (
	"testing"
	"time"
)

// A standby that is stopped while it becomes the owner resigns, so that another one takes over at once.
func TestStopWhileBecomingOwner(t *testing.T) {
	for name, after := range map[string]time.Duration{
		"it has the snapshot":       0,
		"the record names it":       3 * storeLatency,
		"it has read that":          fastPoll + storeLatency/2,
		"it has begun to take over": fastPoll + storeLatency + storeLatency/2,
	} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, 3, func(c *clusterRig) {
				first := c.rigs[0]
				a := first.connectLasting("a", "moved")
				a.acquireOwn()
				c.links[1].setCut(true)
				c.links[2].setCut(true)
				first.server.Stop()
				named, next := 1, 2
				if c.store.owner().Address == "ws://b2.test:27002" {
					named, next = 2, 1
				}
				c.links[named].setCut(false)
				c.links[next].setCut(false)
				pass(after)
				c.rigs[named].server.Stop()
				begin := time.Now()
				for !c.rigs[next].broker.Serves() && time.Since(begin) < time.Minute {
					pass(time.Millisecond)
				}
				if took := time.Since(begin); took > takeover/10 {
					t.Errorf("there was no owner for %v", took)
				}
				a.take()
			})
		})
	}
}

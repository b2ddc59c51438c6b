package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// stopsSlowly is a test in which a broker may be unable to record its end.
type stopsSlowly struct{ *testing.T }

func (t stopsSlowly) Errorf(format string, args ...any) {
	t.Helper()
	if text := fmt.Sprintf(format, args...); !strings.Contains(text, "could not be recorded in time") {
		t.T.Error(text)
	}
}

// A broker that is stopped while the store cannot be reached ends, although a session must still be put on record.
func TestStopInOutage(t *testing.T) {
	inCluster(t, 0, func(c *clusterRig) {
		c.tb = stopsSlowly{c.t}
		c.add(0)
		pass(time.Second)
		a := c.rigs[0].connectLasting("a", "kept")
		c.links[0].setCut(true)
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		pass(time.Second)
		c.stopWithin(10 * time.Second)
		a.take()
	})
}

// So does a broker that waits for its first fencing tokens.
func TestStopWithoutTokens(t *testing.T) {
	inCluster(t, 0, func(c *clusterRig) {
		c.tb = stopsSlowly{c.t}
		c.add(0)
		c.links[0].refuseWrites()
		pass(3 * time.Second)
		c.stopWithin(10 * time.Second)
	})
}

// A broker that learns that another one has taken over gives up its reservation of tokens, and ends. If it does not
// give up, the bubble never ends.
func TestLostWithoutTokens(t *testing.T) {
	inCluster(t, 0, func(c *clusterRig) {
		c.add(0)
		c.links[0].refuseWrites()
		pass(3 * time.Second)
		c.add(1)
		pass(takeover + time.Second)
		c.links[0].takeWrites()
		pass(5 * time.Minute)
		if complaints := c.log.lines("fencing tokens cannot be reserved"); len(complaints) > 1 {
			t.Errorf("the former owner still reserves tokens: %q", complaints)
		}
	})
}

// A new owner says in the log whether, and for how long, it grants nothing.
func TestLogOfBeginning(t *testing.T) {
	inCluster(t, 2, func(c *clusterRig) {
		if c.log.lines("fencing tokens continue from the record of the cluster") == nil {
			t.Error("the log does not say that the first owner begins")
		}
		a := c.rigs[0].connectLasting("a", "kept")
		a.acquireOwn()
		c.links[0].setCut(true)
		pass(takeover + 2*time.Second)
		const waits = "nothing is granted until the clients of earlier owners have come back"
		if c.log.lines(waits, `"grace":`) == nil {
			t.Error("the log does not say that nothing is granted")
		}
		if c.log.lines("state directory") != nil {
			t.Error("the log speaks of a state directory")
		}
		c.links[0].setCut(false)
		pass(time.Second)
	})
}

// stopWithin checks that the first broker ends within some time after it is stopped.
func (c *clusterRig) stopWithin(most time.Duration) {
	c.t.Helper()
	stopped := make(chan struct{})
	go func() {
		c.rigs[0].server.Stop()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(most):
		c.t.Errorf("the broker has not ended within %v", most)
	}
	c.links[0].setCut(false)
}

package broker_test

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"time"
)

// setGone makes the first broker unreachable for the others: dial answers instead.
func (c *clusterRig) setGone(dial func() (net.Conn, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = dial
}

// comeBack lets the first broker learn that another one has taken over.
func (c *clusterRig) comeBack() {
	c.links[0].setCut(false)
	pass(time.Second)
}

// Clients that come to a standby shortly before a takeover reach the next owner, whether the last one has crashed or
// is frozen. Who comes too early is refused.
func TestComeBeforeTakeover(t *testing.T) {
	frozen := func() (net.Conn, error) {
		conn, other := net.Pipe()
		go func() { _, _ = other.Read(make([]byte, 1<<10)) }()
		return conn, nil
	}
	for name, dial := range map[string]func() (net.Conn, error){
		"crashed": func() (net.Conn, error) { return nil, errors.New("connection refused") },
		"frozen":  frozen,
	} {
		t.Run(name, func(t *testing.T) {
			inClusterThat(t, true, 3, func(c *clusterRig) {
				c.links[0].setCut(true)
				c.setGone(dial)
				for _, transport := range c.transports {
					transport.CloseIdleConnections()
				}
				pass(takeover - time.Second)
				if name == "crashed" {
					response := c.rigs[1].get("/ws", nil)
					if response.StatusCode != http.StatusServiceUnavailable {
						t.Errorf("too early: %s", response.Status)
					}
				}
				for n := 0; ; n++ { // a client that tries again and again
					begin := time.Now()
					response := c.rigs[1+n%2].get("/ws", nil)
					if response.StatusCode != http.StatusServiceUnavailable {
						break
					}
					if time.Since(begin) == 0 {
						t.Fatalf("a client was refused at once: %s", response.Status)
					}
				}
				pass(10 * time.Millisecond) // it answers just before it counts as serving
				if !c.rigs[1].broker.Serves() && !c.rigs[2].broker.Serves() {
					t.Error("there is no owner")
				}
				c.comeBack()
			})
		})
	}
}

// A standby ends the connections that it passes on to an owner when another one has taken over.
func TestPassedOnToFormerOwner(t *testing.T) {
	inClusterThat(t, true, 3, func(c *clusterRig) {
		c.rigs[0].next.Store("a")
		a := c.rigs[1].connectWith("a", "&resume=moved")
		pass(time.Second)
		a.take()
		c.links[0].setCut(true)
		pass(takeover + time.Second)
		select {
		case <-a.ended:
		default:
			t.Error("the client is still connected with the former owner")
		}
		c.comeBack()
	})
}

// A broker whose last run was the owner does not refuse clients at once: there will be another owner soon.
func TestComeToFormerOwner(t *testing.T) {
	inClusterThat(t, true, 2, func(c *clusterRig) {
		c.links[0].setCut(true)
		c.links[1].setCut(true)
		c.addAt("ws://b0.test:27002")
		begin := time.Now()
		response := c.rigs[2].get("/ws", nil)
		if took := time.Since(begin); response.StatusCode != http.StatusServiceUnavailable || took == 0 {
			t.Errorf("after %v: %s", took, response.Status)
		}
		c.comeBack()
	})
}

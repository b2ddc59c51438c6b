package broker_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/wire/wiretest"
)

// fastPoll is how often a standby reads the record during a hand-over.
const fastPoll = takeover / 200

// A planned stop hands everything over to a standby. Nobody notices, not even clients that are not kept, and waiters
// keep their places.
func TestHandOver(t *testing.T) {
	inCluster(t, 3, func(c *clusterRig) {
		first := c.rigs[0]
		a, b := first.connectLasting("a", "moved"), first.connectLasting("b", "moved")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		pass(time.Second)
		token := int(a.grantedToken("aaaaaaaa--0"))
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"x"}]}`)
		pass(time.Second)
		stopped := time.Now()
		first.server.Stop()
		for _, p := range []*peer{a, b} {
			p.expect(`{"type":"moving"}`)
			p.expectClose(1012, "the broker stops")
		}
		next := c.owner()
		if took := time.Since(stopped); took > 2*fastPoll {
			t.Errorf("the hand-over took %v", took)
		}
		pass(time.Second)
		d, e := next.connectLasting("d", "moved"), next.connectLasting("e", "moved")
		d.resume("a", holdX(token))
		pass(time.Second)
		d.expect(`{"type":"resumed","id":"dddddddd--0","held":[0]}`)
		e.resume("b", `"waiting":[{"n":0,"locks":[{"name":"x"}]}]`)
		pass(time.Second)
		e.expect(`{"type":"resumed","id":"eeeeeeee--0"}`)
		d.send(`{"type":"release","id":"aaaaaaaa--0"}`)
		d.expect(`{"type":"released","id":"aaaaaaaa--0"}`)
		if got := int(e.grantedToken("bbbbbbbb--0")); got <= token {
			t.Errorf("token %d after %d", got, token)
		}
		for n, r := range c.rigs {
			if r.broker.HasSnapshot() {
				t.Errorf("broker %d still has the snapshot", n)
			}
		}
		next.left(d, e)
	})
}

// A client that cannot take up its session may hold on after a hand-over until its lease ends. So the next owner grants
// nothing until then. That there are such clients stays on record.
func TestHandOverWithOldClients(t *testing.T) {
	inCluster(t, 2, func(c *clusterRig) {
		first := c.rigs[0]
		a, b := first.connectLasting("a", "moved"), first.connect("b")
		b.take()
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"y"}]}`)
		pass(time.Second)
		first.server.Stop()
		next := c.owner()
		pass(time.Second)
		d := next.connect("d")
		pass(time.Second)
		d.take()
		d.send(`{"type":"acquire","id":"dddddddd--0","locks":[{"name":"y"}]}`)
		pass(15 * time.Second)
		d.expect()
		pass(15 * time.Second)
		d.grantedToken("dddddddd--0")
		pass(time.Minute)
		c.store.mu.Lock()
		_, known := c.store.sessions[cluster.Others]
		c.store.mu.Unlock()
		if !known {
			t.Error("the record does not say that there are clients that cannot come back")
		}
		next.left(d)
	})
}

// Clients that come to a standby during a hand-over wait. Then the next owner serves them, and another standby tells
// them who that is.
func TestComeDuringHandOver(t *testing.T) {
	inCluster(t, 3, func(c *clusterRig) {
		first := c.rigs[0]
		a := first.connectLasting("a", "moved")
		a.acquireOwn()
		go first.server.Stop()
		a.expect(`{"type":"moving"}`)
		a.expectClose(1012, "the broker stops")
		standbys := c.rigs[1:]
		answers := make(map[*rig]chan *http.Response)
		for _, r := range standbys {
			if r.broker.Serves() {
				t.Fatal("the next owner serves already")
			}
			answer := make(chan *http.Response, 1)
			answers[r] = answer
			go func() { answer <- r.get("/ws", nil) }()
		}
		next := c.owner()
		for n, r := range standbys {
			response := <-answers[r]
			body, _ := io.ReadAll(response.Body)
			isRefused := response.StatusCode == http.StatusServiceUnavailable
			if isRefused == (r == next) {
				t.Errorf("standby %d: %s %s", n+1, response.Status, body)
			}
			if owner := c.store.owner(); isRefused && !strings.Contains(string(body), owner.Address) {
				t.Errorf("standby %d: %s, want %s", n+1, body, owner.Address)
			}
		}
	})
}

// The owner hands over to the standby that answers first. One that hangs keeps nobody waiting.
func TestHandOverWithHangingStandby(t *testing.T) {
	inCluster(t, 1, func(c *clusterRig) {
		first := c.rigs[0]
		a := first.connectLasting("a", "moved")
		a.acquireOwn()
		go c.hang()
		pass(time.Second)
		c.add(1)
		pass(time.Second)
		stopped := time.Now()
		first.server.Stop()
		c.owner()
		if took := time.Since(stopped); took > 2*fastPoll {
			t.Errorf("the hand-over took %v", took)
		}
		a.expect(`{"type":"moving"}`)
	})
}

// The owner also hands over to a standby that comes while another one hangs.
func TestHandOverToLateStandby(t *testing.T) {
	inCluster(t, 1, func(c *clusterRig) {
		first := c.rigs[0]
		a := first.connectLasting("a", "moved")
		a.acquireOwn()
		go c.hang()
		pass(time.Second)
		go first.server.Stop()
		pass(500 * time.Millisecond)
		c.add(1)
		c.owner()
		a.expect(`{"type":"moving"}`)
	})
}

// hang asks the owner, the first broker, for its snapshot, but never says that it has it.
func (c *clusterRig) hang() {
	const url = "http://b0.test:27002/cluster/handover?id=hangs&address=ws://b9.test:27002"
	request, _ := http.NewRequest(http.MethodPost, url, http.NoBody)
	request.Header.Set("Authorization", "Bearer "+c.store.owner().ID)
	transport := c.transport()
	defer transport.CloseIdleConnections()
	if response, err := transport.RoundTrip(request); err == nil {
		_ = response.Body.Close()
	}
}

// An owner that is stopped just after it has taken over waits until the standbys know it.
func TestHandOverTwice(t *testing.T) {
	inCluster(t, 3, func(c *clusterRig) {
		first := c.rigs[0]
		a := first.connectLasting("a", "moved")
		a.acquireOwn()
		first.server.Stop()
		second := c.owner()
		second.server.Stop()
		third := c.owner()
		pass(time.Second)
		d := third.connectLasting("d", "moved")
		d.resume("a", `"held":[],"waiting":[]`)
		pass(time.Second)
		d.expect(`{"type":"resumed","id":"dddddddd--0"}`)
		third.left(d)
	})
}

// An owner that has nothing to hand over makes nobody the owner. The standbys notice at once that it has ended.
func TestStopWithoutSessions(t *testing.T) {
	inCluster(t, 2, func(c *clusterRig) {
		pass(takeover / 20) // between two reads of the record
		stopped := time.Now()
		c.rigs[0].server.Stop()
		c.owner()
		if took := time.Since(stopped); took > 2*fastPoll {
			t.Errorf("there was no owner for %v", took)
		}
	})
}

// acquireOwn acquires a lock that nobody else wants.
func (p *peer) acquireOwn() {
	p.t.Helper()
	p.send(`{"type":"acquire","id":"%[1]s--0","locks":[{"name":"%[1]s"}]}`, wiretest.Session(p.name))
	pass(time.Second)
	p.grantedToken(wiretest.Session(p.name) + "--0")
}

// If the standby that was named hangs, another one takes over with the same snapshot, and grants at once.
func TestHandOverToStandbyThatHangs(t *testing.T) {
	inCluster(t, 3, func(c *clusterRig) {
		first := c.rigs[0]
		a := first.connectLasting("a", "moved")
		a.send(`{"type":"acquire","id":"aaaaaaaa--0","locks":[{"name":"x"}]}`)
		pass(time.Second)
		token := int(a.grantedToken("aaaaaaaa--0"))
		c.links[1].setCut(true)
		c.links[2].setCut(true)
		first.server.Stop()
		hangs, next := c.links[1], c.rigs[2]
		if c.store.owner().Address == "ws://b1.test:27002" {
			c.links[2].setCut(false)
		} else {
			hangs, next = c.links[2], c.rigs[1]
			c.links[1].setCut(false)
		}
		pass(takeover + time.Second)
		d, e := next.connectLasting("d", "moved"), next.connectLasting("e", "moved")
		d.resume("a", holdX(token))
		pass(time.Second)
		d.expect(`{"type":"resumed","id":"dddddddd--0","held":[0]}`)
		e.send(`{"type":"acquire","id":"eeeeeeee--0","locks":[{"name":"y"}]}`)
		pass(time.Second)
		e.grantedToken("eeeeeeee--0")
		hangs.setCut(false)
		pass(time.Second)
		next.left(d, e)
	})
}

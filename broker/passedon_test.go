package broker_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const passedOnHeader = "Lockbroker-Passed-On"

// The connections of a standby to the other brokers.
type standbyConns struct {
	mu   sync.Mutex
	open []net.Conn
}

// end ends all connections, as the kernel of a standby does whose process is killed.
func (s *standbyConns) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.open {
		_ = conn.Close()
	}
}

// withStandby runs f with an owner, and a standby that passes clients on to it.
func withStandby(t *testing.T, f func(owner, standby *rig, conns *standbyConns)) {
	t.Helper()
	inClusterThat(t, true, 1, func(c *clusterRig) {
		plain, conns := c.transport(), &standbyConns{}
		c.addThrough("ws://b1.test:27002", &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := plain.DialContext(ctx, network, address)
				conns.mu.Lock()
				defer conns.mu.Unlock()
				conns.open = append(conns.open, conn)
				return conn, err
			},
		})
		pass(2 * time.Second)
		f(c.rigs[0], c.rigs[1], conns)
	})
}

// connectThrough opens a session of a client at the owner through a standby.
func (r *rig) connectThrough(owner *rig, name, more string) *peer {
	r.t.Helper()
	owner.next.Store(name)
	p := r.connectWith(name, more)
	pass(time.Second)
	p.take()
	return p
}

// When a standby is killed, its kernel ends the connections that it passes on. The clients may not know that yet, so
// their locks are kept until their leases have ended.
func TestKilledStandby(t *testing.T) {
	withStandby(t, func(owner, standby *rig, conns *standbyConns) {
		a := standby.connectThrough(owner, "a", "")
		a.acquireOwn()
		b := owner.connect("b")
		b.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"aaaaaaaa"}]}`)
		pass(time.Second)
		conns.end()
		pass(10 * time.Second) // a lease
		b.expect()
		pass(5 * time.Second)
		b.grantedToken("bbbbbbbb--0")
		owner.left(b)
	})
}

// A goodbye through a standby frees the locks at once.
func TestGoodbyeThroughStandby(t *testing.T) {
	withStandby(t, func(owner, standby *rig, _ *standbyConns) {
		a := standby.connectThrough(owner, "a", "")
		a.acquireOwn()
		a.close()
		b := owner.connect("b")
		b.take()
		b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"aaaaaaaa"}]}`)
		pass(time.Second)
		b.grantedToken("bbbbbbbb--0")
		owner.left(b)
	})
}

// The owner knows the address of a client of a standby, although it does not trust the standby's address as that of a
// proxy. It does not believe the headers of the client itself.
func TestAddressThroughStandby(t *testing.T) {
	withStandby(t, func(owner, standby *rig, _ *standbyConns) {
		standby.header = http.Header{"X-Forwarded-For": {"203.0.113.9"}, passedOnHeader: {"made up"}}
		owner.next.Store("a")
		a := standby.connectFrom("a", "b", "")
		pass(time.Second)
		a.take()
		a.acquireOwn()
		a.send(`{"type":"info","id":"aaaaaaaa--1"}`)
		pass(time.Second)
		frames := strings.Join(a.take(), "\n")
		if want := `"remote":"192.0.2.2"`; !strings.Contains(frames, want) {
			t.Errorf("got %s, want %s", frames, want)
		}
		standby.header = nil
		a.close()
	})
}

// A client cannot say itself that a standby passes it on.
func TestPassedOnByNobody(t *testing.T) {
	withStandby(t, func(owner, standby *rig, _ *standbyConns) {
		header := upgradeHeader()
		header.Set(passedOnHeader, "made up")
		if response := owner.get("/ws", header); response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("the owner: %s", response.Status)
		}
		header.Set("Connection", "Upgrade, "+passedOnHeader) // asks a proxy to remove the header
		owner.next.Store("a")
		if response := standby.get("/ws", header); response.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("the standby: %s", response.Status)
		} else {
			_ = response.Body.Close()
		}
	})
}

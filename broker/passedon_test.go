package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/access"
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

// A standby refuses a client whose credential the owner could not see. One with a token is passed on.
func TestCredentialsOfConnections(t *testing.T) {
	withStandby(t, func(_, standby *rig, _ *standbyConns) {
		k := newKeys(t, "ann")
		standby.broker.SetAccess(k.control(t, "ann"))
		certified := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
		plain := standby.t.Context()
		user := broker.WithUser(plain, &access.User{UID: 1})
		const passed = http.StatusUpgradeRequired // the owner says that
		for _, test := range []struct {
			name    string
			token   string
			tls     *tls.ConnectionState
			context context.Context
			status  int
		}{
			{"nothing", "", nil, plain, passed},
			{"TLS without a certificate", "", &tls.ConnectionState{}, plain, passed},
			{"a certificate", "", certified, plain, http.StatusServiceUnavailable},
			{"a certificate and a token", "some", certified, plain, passed},
			{"a user", "", nil, user, http.StatusServiceUnavailable},
			{"a user and a token", "some", nil, user, passed},
		} {
			const url = "http://broker.test/ws"
			r := httptest.NewRequestWithContext(test.context, http.MethodGet, url, http.NoBody)
			if r.TLS = test.tls; test.token != "" {
				r.Header.Set("Authorization", "Bearer "+test.token)
			}
			answer := httptest.NewRecorder()
			standby.broker.Handler().ServeHTTP(answer, r)
			if answer.Code != test.status {
				t.Errorf("%s: %d %s", test.name, answer.Code, answer.Body)
			}
			names := strings.HasSuffix(answer.Body.String(), "the owner, ws://b0.test:27002 (term 1)\n")
			if isRefused := answer.Code == http.StatusServiceUnavailable; isRefused != names {
				t.Errorf("%s: %s", test.name, answer.Body)
			}
		}
	})
}

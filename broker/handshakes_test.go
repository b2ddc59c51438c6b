package broker_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/wsclient"
)

// An address that connects too fast has its connections closed, at once and before they have sent
// anything. Other addresses and trusted proxies do not notice.
func TestHandshakesTooFast(t *testing.T) {
	log := new(testLog)
	config := broker.Config{
		Logger: log.logger(), HandshakesPerSecond: 2, HandshakeBurst: 3,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
	inBubble(t, config, func(r *rig) {
		for _, step := range []struct {
			after        time.Duration
			remote       string
			tries, serve int
		}{
			{0, "192.0.2.1:1000", 20, 3},
			{0, "[::ffff:192.0.2.1]:1001", 1, 0},
			{0, "192.0.2.2:1000", 3, 3},
			{0, "10.1.2.3:1000", 50, 50},
			{0, "/run/s", 50, 50},
			{time.Second, "192.0.2.1:1002", 5, 2},
		} {
			pass(step.after)
			served := 0
			for range step.tries {
				conn := r.open(step.remote)
				if !isClosed(conn) {
					served++
				}
				_ = conn.Close()
			}
			if served != step.serve {
				t.Errorf("%s: %d of %d connections are served, want %d",
					step.remote, served, step.tries, step.serve)
			}
		}
		if got := r.broker.RefusedHandshakes(); got != 17+1+3 {
			t.Errorf("%d connections were refused, want 21", got)
		}
	})
	got := log.lines("too many connections a second from this address", "192.0.2.1:1000")
	if len(got) != broker.FaultBurst {
		t.Errorf("the log has %d lines, want %d", len(got), broker.FaultBurst)
	}
}

// A client that connects too fast gets in by itself, once the rate allows it.
func TestTooFastThenServed(t *testing.T) {
	config := broker.Config{HandshakesPerSecond: 1, HandshakeBurst: 1}
	inBubble(t, config, func(r *rig) {
		_ = r.open("192.0.2.1:1").Close() // the address of the client, too
		r.next.Store("a")
		begin := time.Now()
		client, err := wsclient.Dial(context.Background(), r.server.URL(), &wsclient.Options{
			NetDial: r.server.Dial, WaitForBroker: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		client.Close()
		if took := time.Since(begin); took < time.Second || r.broker.RefusedHandshakes() == 0 {
			t.Errorf("the client got in after %v and %d attempts", took, r.broker.RefusedHandshakes())
		}
	})
}

// If a TLS handshake fails because the broker has closed the connection, the log has no second line.
func TestServerLogOfRefusal(t *testing.T) {
	log := new(testLog)
	b, err := broker.New(broker.Config{Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	out := b.Server().ErrorLog
	out.Printf("http: TLS handshake error from 192.0.2.1:1: read tcp 127.0.0.1:1: use of closed network connection")
	out.Printf("http: TLS handshake error from 192.0.2.1:1: EOF")
	if got := log.lines("TLS handshake error"); len(got) != 1 || len(log.lines("EOF")) != 1 {
		t.Errorf("the log says %q, want one line", got)
	}
}

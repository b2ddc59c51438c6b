package wsclient

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// begin is when the connections of these tests begin, on the client's clock.
const begin = 1000 * time.Second

// pass lets that much time pass, on all clocks.
func (c *clock) pass(d time.Duration) {
	c.begin = c.begin.Add(-d)
	c.wall -= int64(d)
}

// at returns the instant d after begin, on all clocks.
func at(d time.Duration) core.Instant { return core.Instant{Mono: begin + d, Wall: begin + d} }

// testConn returns a connection that leads nowhere and has no goroutine. Its lease began at(0), with a session
// timeout of 15s. No timer notices anything.
func testConn(t *testing.T) *conn {
	t.Helper()
	c := newClient([]endpoint{{url: &url.URL{Scheme: "ws", Host: "broker.test", Path: "/ws"}}}, Options{})
	c.clock.pass(begin)
	conn := &conn{
		client:  c,
		hello:   &wire.Hello{Session: "s", TimeoutMS: 15_000, Limits: wire.DefaultLimits()},
		link:    link{Conn: new(nowhere)},
		session: "s", begun: make(chan struct{}),
		wake: make(chan struct{}, 1), done: make(chan struct{}), changed: make(chan struct{}, 1),
	}
	conn.decoder.Session = "s"
	c.mu.Lock()
	defer c.unlock()
	c.core.Connected(conn, conn.hello, at(0), at(0))
	c.conn = conn
	close(c.online)
	c.armed, c.timer = 1, time.NewTimer(time.Hour) // it counts as armed, and calls nothing
	t.Cleanup(func() { _ = c.Close() })
	return conn
}

// fixture returns a lock that is held on a testConn.
func fixture(t *testing.T, hold time.Duration) *Lock {
	t.Helper()
	l := waits(t, hold)
	l.grant(t, 7, at(0))
	if settled, err := l.settle(false); !settled || err != nil {
		t.Fatalf("settled: %t, %v", settled, err)
	}
	return l
}

// waits returns a lock whose request waits on a testConn.
func waits(t *testing.T, hold time.Duration) *Lock {
	t.Helper()
	conn := testConn(t)
	l := &Lock{client: conn.client, base: context.Background()}
	l.request = core.Request{Owner: l, Hold: hold}
	l.request.What.Locks = []wire.LockSpec{{Name: "a"}}
	if held, err := l.submit(); held || err != nil {
		t.Fatalf("held: %t, %v", held, err)
	}
	return l
}

// grant lets the broker grant l.
func (l *Lock) grant(t *testing.T, token int64, at core.Instant) {
	t.Helper()
	l.receive(&wire.Granted{ID: l.request.What.ID, Token: token}, at)
}

// borrower returns a lock that l covers.
func (l *Lock) borrower(t *testing.T) *Lock {
	t.Helper()
	b := &Lock{client: l.client, base: context.Background()}
	b.request = core.Request{Owner: b, Outer: &l.request}
	b.request.What.Locks = []wire.LockSpec{{Name: "a"}}
	if held, err := b.submit(); !held || err != nil {
		t.Fatalf("held: %t, %v", held, err)
	}
	return b
}

// receive lets the core receive a reply.
func (l *Lock) receive(reply wire.Reply, at core.Instant) {
	l.client.mu.Lock()
	defer l.client.unlock()
	l.client.core.Receive(reply, at)
}

// markReleased makes l released on this side, without waiting for the broker.
func (l *Lock) markReleased() {
	l.client.mu.Lock()
	defer l.client.unlock()
	l.client.core.Release(&l.request, core.Instant{})
}

// validAt is Valid at that time.
func (l *Lock) validAt(at core.Instant) bool {
	l.client.mu.Lock()
	defer l.client.unlock()
	return l.client.core.Valid(&l.request, at)
}

// leaseAt is Lease at that time.
func (l *Lock) leaseAt(at core.Instant) (left, kept time.Duration) {
	l.client.mu.Lock()
	defer l.client.unlock()
	return l.client.core.LeaseOf(&l.request, at)
}

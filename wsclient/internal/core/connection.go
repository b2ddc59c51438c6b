package core

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap"
)

// A connection is what the machine knows about the current connection.
type connection struct {
	owner    any
	hello    *wire.Hello
	next     int64                   // the n of the next id
	requests shrinkmap.Map[*Request] // those that were sent and have not ended, by n
	pings    []ping                  // those without an answer yet
	releases releases                // the Async ones that the broker has not confirmed yet
	lease    Lease
	pause    wire.Pause // why the broker grants nothing, or ""
	draining bool       // the broker has said that it is about to stop
}

// A ping is a sent message whose answer extends the lease.
type ping struct {
	n    int64
	sent Instant
}

// NewLease returns the lease of a connection whose broker has sent that hello. It begins when the network connection
// was made: the client sent its handshake after that, and the hello answers the handshake.
func NewLease(hello *wire.Hello, stopTime time.Duration, made Instant) Lease {
	return Lease{
		Timeout:   time.Duration(hello.TimeoutMS) * time.Millisecond,
		Heartbeat: time.Duration(hello.HeartbeatMS) * time.Millisecond,
		StopTime:  stopTime,
		Heard:     made,
	}
}

// Connected begins a connection whose network connection was made at the instant made. It has no effect if the client
// has ended. The caller must not call it while there is a connection. After it, the caller must call
// [Machine.SubmitNext] until that returns false.
func (m *Machine) Connected(owner any, hello *wire.Hello, made, at Instant) {
	if m.closed != nil {
		return
	}
	m.conn = &connection{
		owner: owner, hello: hello, pause: hello.NotGranting,
		lease: NewLease(hello, m.config.StopTime, made),
	}
	m.out.Changed = true
	m.Tick(at)
	if m.conn != nil {
		m.resubmit = slices.Collect(m.pending.InOrder())
	}
}

// SubmitNext submits the next request that was pending when the connection began, in the order of the calls. It
// reports whether there was one. It submits one request a step, so that the caller can call [Machine.OpenID] in
// between. The caller must take no other step until SubmitNext has returned false.
func (m *Machine) SubmitNext(at Instant) bool {
	if len(m.resubmit) == 0 {
		m.resubmit = nil
		return false
	}
	r := m.resubmit[0]
	m.resubmit[0], m.resubmit = nil, m.resubmit[1:]
	m.pending.Delete(r.order)
	m.submit(r, at)
	return true
}

// IsConnected reports whether there is a connection.
func (m *Machine) IsConnected() bool { return m.conn != nil }

// OpenID returns a new id, for a message that needs one. There must be a connection. The caller must send messages in
// the order of their ids.
func (m *Machine) OpenID() wire.ID {
	id := wire.ID{Session: m.conn.hello.Session, N: m.conn.next}
	m.conn.next++
	return id
}

// Ping returns the id of a ping that the caller must send at once. Its answer extends the lease from that time. Ping
// returns false if there is no connection.
func (m *Machine) Ping(at Instant) (id wire.ID, ok bool) {
	m.Tick(at)
	if m.conn == nil {
		return wire.ID{}, false
	}
	id = m.OpenID()
	m.Sent(id.N, at)
	m.askForConfirmation()
	return id, true
}

// Sent notes that the ping with the number n was sent at that time. Its answer extends the lease.
func (m *Machine) Sent(n int64, at Instant) {
	if m.conn != nil {
		m.conn.pings = append(m.conn.pings, ping{n, at})
	}
}

// answered extends the lease if id belongs to a ping. The lease may be over even so, if the wall clock was set back
// before the ping was sent, and forward since.
func (m *Machine) answered(id wire.ID, at Instant) {
	c := m.conn
	for i, p := range c.pings {
		if p.n == id.N && id.Session == c.hello.Session {
			c.lease.answered(p.sent)
			c.pings = slices.Delete(c.pings, i, i+1)
			m.Tick(at)
			return
		}
	}
}

// request returns the request with that id, or nil if it is not open.
func (c *connection) request(id wire.ID) *Request {
	if id.Session != c.hello.Session {
		return nil
	}
	return c.requests.Get(id.N)
}

// Disconnected notes that the connection has ended because of err, and that the other side knows of the end. The
// caller closes the network connection.
func (m *Machine) Disconnected(err error, at Instant) {
	m.Tick(at)
	if m.conn != nil {
		m.disconnect(at, &End{How: Disconnected, Reason: ReasonConnection, Err: err, Lease: m.conn.lease},
			ByCaller)
	}
}

// Abandon ends the connection because of err. The other side does not know that it has ended.
func (m *Machine) Abandon(err error, at Instant) {
	m.Tick(at)
	if m.conn != nil {
		m.abandon(err, at)
	}
}

// abandon is Abandon for a connection whose lease has not ended.
func (m *Machine) abandon(err error, at Instant) {
	m.disconnect(at, &End{How: Disconnected, Reason: ReasonConnection, Err: err, Lease: m.conn.lease}, FallSilent)
}

// disconnect ends the connection. First the holders lose their locks, the latest first, so that inner locks end
// before those around them. Then the waiters become pending, or end.
//
// This is the one place that decides what becomes of a request without its connection. A session that survives its
// connection would keep its requests here, and submit them in Connected.
func (m *Machine) disconnect(at Instant, how *End, then Then) {
	conn := m.conn
	m.conn, m.last, m.resubmit = nil, how, nil
	requests := slices.Collect(conn.requests.InOrder())
	hasHeld := false
	for _, r := range slices.Backward(requests) {
		switch {
		case r.state == holding && !r.claimed && m.closed == nil && m.canMove(r):
			m.ungrant(r)
		case r.isUnconfirmed() && m.closed != nil: // the goodbye of the client comes after the release
			m.end(r, &m.released)
		case r.state != waiting:
			hasHeld = hasHeld || !r.isUnconfirmed()
			m.end(r, &End{How: Lost, Request: r, Reason: how.Reason, Because: how, Late: how.Late})
		}
	}
	for _, r := range requests {
		if r.state == waiting {
			m.endOrPend(r, how, at)
		}
	}
	if then == FallSilent {
		then = m.fallSilent(conn, hasHeld, at)
	}
	m.out.Changed = true
	m.out.Disconnect = Disconnect{Owner: conn.owner, End: how, Then: then}
}

// endOrPend decides what becomes of a request that was waiting when its connection ended.
func (m *Machine) endOrPend(r *Request, how *End, at Instant) {
	outer := m.enclosing(r)
	switch {
	case m.closed == nil && m.canMove(r):
		m.pend(r, at)
	case outer != nil && outer.cause != nil:
		m.end(r, outerLost(outer.cause))
	default:
		m.end(r, how)
	}
}

package core

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A connection is what the machine knows about the current connection.
type connection struct {
	owner    any
	hello    *wire.Hello
	pings    []ping      // those without an answer yet
	expects  expectation // of a sign of life from the broker
	pause    wire.Pause  // why the broker grants nothing, or ""
	draining bool        // the broker has said that it is about to stop
	parts    int64       // messages of the statement with which the client tried to take up its session
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
// has ended. The caller must not call it while there is a connection.
//
// If a session has survived its connection, Connected begins to take it up: see [Machine.IsResuming]. Otherwise there
// is a connection, and the caller must call [Machine.SubmitNext] until that returns false.
func (m *Machine) Connected(owner any, hello *wire.Hello, made, at Instant) {
	if m.closed != nil {
		return
	}
	conn := &connection{owner: owner, hello: hello, pause: hello.NotGranting}
	lease := NewLease(hello, m.config.StopTime, made)
	m.out.Changed = true
	if m.session != nil {
		m.Tick(at)
		if hello.Secret == "" {
			m.loseSession(notByThis, at)
		}
	}
	switch {
	case m.session == nil:
		m.begin(conn, lease, at)
	case lease.Left(at) <= 0:
		late := &End{How: Disconnected, Reason: ReasonLease, Lease: lease, Late: -lease.Left(at)}
		m.out.Disconnect = Disconnect{Owner: owner, End: late, Then: CloseNow}
	default:
		m.resume(conn, lease, at)
	}
}

// begin begins the session of a new connection, unless the client has ended.
func (m *Machine) begin(conn *connection, lease Lease, at Instant) {
	if m.closed != nil { // it wanted no session but its first one
		m.out.Disconnect = Disconnect{Owner: conn.owner, End: m.closed, Then: CloseNow}
		return
	}
	m.conn = conn
	m.session = &session{
		name: conn.hello.Session, secret: conn.hello.Secret, next: conn.parts, lease: lease,
	}
	m.settleIn(at)
}

// settleIn does what a connection that has just begun needs.
func (m *Machine) settleIn(at Instant) {
	if m.conn.draining {
		m.endLingers()
	}
	if m.drains {
		m.askForConfirmation()
	}
	m.Tick(at) // the lease may be over
	if m.conn != nil {
		m.resubmit = slices.Collect(m.pending.InOrder())
	}
}

// SubmitNext submits the next request that was pending when the connection began, in the order of the calls. It
// reports whether there was one. If the session is taken up, the connection begins with the broker's answer.
//
// SubmitNext submits one request a step, so that the caller can call [Machine.OpenID] in between. The caller must take
// no other step until SubmitNext has returned false.
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
		m.expect(at)
	}
}

// answered extends the lease if id belongs to a ping. The lease may be over even so, if the wall clock was set back
// before the ping was sent, and forward since.
func (m *Machine) answered(id wire.ID, at Instant) {
	c := m.conn
	for i, p := range c.pings {
		if p.n == id.N && id.Session == m.session.name {
			m.session.lease.answered(p.sent)
			c.pings = slices.Delete(c.pings, i, i+1)
			m.Tick(at)
			return
		}
	}
}

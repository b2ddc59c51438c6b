package core

import "slices"

// Disconnected notes that the connection has ended because of err, and that the other side knows of the end. The
// caller closes the network connection.
func (m *Machine) Disconnected(err error, at Instant) {
	m.Tick(at)
	if m.conn != nil {
		m.disconnect(at, m.endOfConnection(err), ByCaller)
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
	m.disconnect(at, m.endOfConnection(err), FallSilent)
}

// endOfConnection returns the end of a connection that has ended because of err.
func (m *Machine) endOfConnection(err error) *End {
	return &End{How: Disconnected, Reason: ReasonConnection, Err: err, Lease: m.session.lease}
}

// disconnect ends the connection.
//
// This is the one place that decides what becomes of a request without its connection. A session that survives its
// connection would keep its requests here, and submit them in Connected.
func (m *Machine) disconnect(at Instant, how *End, then Then) {
	conn, lease := m.conn, m.session.lease
	m.conn, m.last, m.resubmit = nil, how, nil
	hasHeld := m.endSession(how, at)
	if then == FallSilent {
		then = m.fallSilent(conn.owner, lease, hasHeld, at)
	}
	m.out.Changed = true
	m.out.Disconnect = Disconnect{Owner: conn.owner, End: how, Then: then}
}

// endSession ends the session. First the holders lose their locks, the latest first, so that inner locks end before
// those around them. Then the waiters become pending, or end. It reports whether a holder may still use its lock.
func (m *Machine) endSession(how *End, at Instant) (hasHeld bool) {
	requests := slices.Collect(m.session.requests.InOrder())
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
	m.session = nil
	return hasHeld
}

// endOrPend decides what becomes of a request that was waiting when its session ended.
func (m *Machine) endOrPend(r *Request, how *End, at Instant) {
	outer := m.enclosing(r)
	switch {
	case m.closed == nil && m.canMove(r):
		m.setAside(r, at)
	case outer != nil && outer.cause != nil:
		m.end(r, outerLost(outer.cause))
	default:
		m.end(r, how)
	}
}

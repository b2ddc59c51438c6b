package core

import (
	"math"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Disconnected notes that the connection has ended because of err, and that the other side knows of the end. If the
// broker has sent a close frame, code is its code, and otherwise 0. The caller closes the network connection.
func (m *Machine) Disconnected(err error, code int, at Instant) {
	m.Tick(at)
	how := m.endOfConnection(err)
	if how == nil {
		return
	}
	how.Code = code
	m.endConnection(how, ByCaller, at)
}

// Abandon ends the connection because of err. The other side does not know that it has ended.
func (m *Machine) Abandon(err error, at Instant) {
	m.Tick(at)
	m.abandon(err, at)
}

// abandon is Abandon for a connection whose lease has not ended.
func (m *Machine) abandon(err error, at Instant) {
	if how := m.endOfConnection(err); how != nil {
		m.endConnection(how, FallSilent, at)
	}
}

// endOfConnection returns the end of a connection that has ended because of err. It returns nil if there is neither a
// connection nor a resumption.
func (m *Machine) endOfConnection(err error) *End {
	if m.conn == nil && m.resumption == nil {
		return nil
	}
	return &End{How: Disconnected, Reason: ReasonConnection, Err: err, Lease: m.session.lease}
}

// endConnection ends the connection, or the resumption.
func (m *Machine) endConnection(how *End, then Then, at Instant) {
	if m.conn != nil {
		m.disconnect(at, how, then)
	} else {
		m.endResumption(how, then, at)
	}
}

// disconnect ends the connection.
//
// This is the one place that decides what becomes of a request without its connection: either the session survives, or
// all its requests end or become pending.
func (m *Machine) disconnect(at Instant, how *End, then Then) {
	conn, lease := m.conn, m.session.lease
	survives := m.survives(how)
	m.conn, m.last, m.resubmit = nil, how, nil
	hasHeld := false
	if survives {
		m.leave(how, at)
	} else {
		hasHeld = m.endSession(how, at)
	}
	if then == FallSilent {
		then = m.fallSilent(conn.owner, lease, hasHeld, at)
	}
	m.out.Changed = true
	m.out.Disconnect = Disconnect{Owner: conn.owner, End: how, Then: then}
}

// survives reports whether the session survives this end of its connection. The protocol has the rules, in the chapter
// about taking up a session on another connection.
func (m *Machine) survives(how *End) bool {
	if how.Moved {
		return m.closed == nil && m.session.secret != ""
	}
	return m.keepsSession() && !endsSession(how.Code)
}

// keepsSession reports whether the broker keeps the session after any end of its connection.
func (m *Machine) keepsSession() bool {
	return m.closed == nil && m.config.KeepSession && !m.config.NoReconnect && m.session.secret != ""
}

// endsSession reports whether a broker that closes a connection with that code ends the session, too.
func endsSession(code int) bool {
	switch code {
	case wire.CloseProtocol, wire.CloseBinary, wire.CloseTooBig, wire.CloseRestart, wire.CloseRevoked:
		return true
	}
	return false
}

// leave leaves the session without a connection. Only those waiters end that cannot wait. Holders hold on, unless it
// was the lease that has ended.
func (m *Machine) leave(how *End, at Instant) {
	for r := range m.session.requests.InOrder() {
		switch {
		case r.state != waiting:
		case r.Once:
			m.end(r, how)
		default:
			m.await(r, at)
		}
	}
	if how.Reason == ReasonLease {
		m.endLease(how, at)
	}
}

// await lets r, which waits on the broker, wait without a connection. The client must count the wait itself.
func (m *Machine) await(r *Request, at Instant) {
	switch {
	case r.isLate(at):
		m.timeOut(r)
	case r.until > 0:
		m.setDeadline(r, r.until)
	}
}

// endLease ends the lease of a session without a connection: the holders lose their locks. What waits goes on waiting.
func (m *Machine) endLease(how *End, at Instant) {
	m.session.isLeaseOver = true
	for _, r := range slices.Backward(slices.Collect(m.session.requests.InOrder())) {
		switch {
		case r.state == holding && !r.claimed && m.canMove(r):
			m.ungrant(r)
			m.await(r, at)
		case r.state != waiting:
			m.noteStaleHolder(r, math.MaxInt64, at)
			m.end(r, lostWith(r, how))
		}
	}
	m.endInsideLost()
	m.out.Changed = true
}

// lostWith returns the end of r, whose lock is lost because its connection has ended in that way.
func lostWith(r *Request, how *End) *End {
	return &End{How: Lost, Request: r, Reason: how.Reason, Because: how, Late: how.Late}
}

// endInsideLost ends the requests that wait, or are pending, inside a lock that is lost.
func (m *Machine) endInsideLost() {
	if m.session != nil {
		for r := range m.session.requests.InOrder() {
			if r.state == waiting {
				m.endIfInsideLost(r)
			}
		}
	}
	for r := range m.pending.InOrder() {
		m.endIfInsideLost(r)
	}
}

func (m *Machine) endIfInsideLost(r *Request) {
	if outer := m.enclosing(r); outer != nil && outer.cause != nil {
		m.end(r, outerLost(outer.cause))
	}
}

// endSession ends the session. First the holders lose their locks, the latest first, so that inner locks end before
// those around them. Then the waiters become pending, or end. It reports whether a holder may still use its lock.
func (m *Machine) endSession(how *End, at Instant) (hasHeld bool) {
	hasHeld = m.hasStale(at)
	requests := slices.Collect(m.session.requests.InOrder())
	for _, r := range slices.Backward(requests) {
		switch {
		case r.state == holding && !r.claimed && m.closed == nil && m.canMove(r):
			m.ungrant(r)
		case r.isUnconfirmed() && m.closed != nil: // the goodbye of the client comes after the release
			m.end(r, &m.released)
		case r.state != waiting:
			hasHeld = hasHeld || !r.isUnconfirmed()
			m.end(r, lostWith(r, how))
		}
	}
	for _, r := range requests {
		if r.state == waiting {
			m.endOrPend(r, how, at)
		}
	}
	m.session = nil
	m.endInsideLost() // what is pending
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

package core

import (
	"fmt"
	"time"
)

// A client whose session is kept does not wait until its lease ends when the broker has fallen silent. It gives up the
// connection while most of the lease is left, and takes up the session on another one. So its locks survive a broker
// that is frozen, and a network that swallows everything, if another broker takes over in time.

// leastLate is how late a step must come to count as late. Then this process was frozen itself, and what the broker has
// sent meanwhile may not have been read yet. So the client waits for that long once more.
const leastLate = 100 * time.Millisecond

// An expectation is a ping since which the broker has sent nothing.
type expectation struct {
	isOpen bool
	due    time.Duration // when the client gives up the connection
}

// answerLimit returns how long the broker may be silent after a ping: the heartbeat of a session that is kept, if the
// broker has the usual one.
func answerLimit(timeout time.Duration) time.Duration { return timeout / 6 }

// expect notes that a ping is sent at that time.
func (m *Machine) expect(at Instant) {
	if !m.keepsSession() || m.conn.expects.isOpen {
		return
	}
	m.conn.expects = expectation{isOpen: true, due: at.Mono + answerLimit(m.session.lease.Timeout)}
	m.out.Changed = true
}

// checkAnswer gives up the connection if the broker has been silent for too long.
func (m *Machine) checkAnswer(at Instant) {
	if m.conn == nil || !m.conn.expects.isOpen || m.conn.expects.due > at.Mono {
		return
	}
	if at.Mono-m.conn.expects.due > leastLate {
		m.conn.expects.due, m.out.Changed = at.Mono+leastLate, true
		return
	}
	limit := answerLimit(m.session.lease.Timeout)
	how := m.endOfConnection(fmt.Errorf("the broker has not answered a ping for %v", limit))
	how.Unanswered = true
	m.disconnect(at, how, FallSilent)
}

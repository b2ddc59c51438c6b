package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap"
)

// Config holds the client's options that a machine needs.
type Config struct {
	NoReconnect bool          // the first session is the last, and it survives only a move of the broker
	KeepSession bool          // the broker keeps the session after any end of its connection
	StopTime    time.Duration // how long holders need to stop; 0: not known
}

// A Machine is the state of a client. It is not safe for concurrent use.
type Machine struct {
	config Config
	out    Output

	conn    *connection // nil while there is none
	session *session    // of the connection, or one that has survived its connection; nil: none
	last    *End        // of the last connection
	closed  *End        // of the client
	drains  bool        // Drain was called

	orders    int64                   // requests so far
	calls     int64                   // requests so far that borrow
	pending   shrinkmap.Map[*Request] // those that wait for a connection, by order
	resubmit  []*Request              // those of them that SubmitNext has yet to submit
	open      int                     // requests that have not ended, except covered and unconfirmed ones
	deadlines deadlines
	silences  []silence

	resumption *resumption   // nil: the client does not wait for the answer to a statement
	stale      []staleHolder // requests with stale holders, of a session that has survived its connection

	released, cancelled, withdrawn End // ends without details, which requests share
}

// New returns a machine without a connection.
func New(config Config) *Machine {
	return &Machine{
		config:    config,
		released:  End{How: Released},
		cancelled: End{How: Cancelled},
		withdrawn: End{How: Closed},
	}
}

// Output returns what the caller must do after a step. The caller must call [Output.Reset] when it has done it.
func (m *Machine) Output() *Output { return &m.out }

// A State says whether a client has a connection, and what its broker does.
type State int

// The states of a client. The State of package wsclient has the same numbers.
const (
	StateConnecting State = iota
	StateConnected
	StateNotGranting
	StateDraining
	StateClosed
)

// State returns the state of the client.
func (m *Machine) State() State {
	switch {
	case m.closed != nil:
		return StateClosed
	case m.conn == nil:
		return StateConnecting
	case m.conn.draining:
		return StateDraining
	case m.conn.pause != "":
		return StateNotGranting
	}
	return StateConnected
}

// Pause returns why the broker grants nothing. It is "" if the broker grants, or there is no connection.
func (m *Machine) Pause() wire.Pause {
	if m.conn == nil {
		return ""
	}
	return m.conn.pause
}

// Last returns how the last connection has ended, or nil.
func (m *Machine) Last() *End { return m.last }

// Closed returns how the client has ended, or nil.
func (m *Machine) Closed() *End { return m.closed }

// IsDrained reports whether Drain was called, no request is open, the broker has confirmed all releases, and no stale
// holder may still need time to stop.
func (m *Machine) IsDrained() bool {
	return m.drains && m.open == 0 && !m.AwaitsConfirmation() && len(m.silences) == 0 && len(m.stale) == 0
}

// OpenRequests returns how many requests are open: on the connection, and pending.
func (m *Machine) OpenRequests() int { return m.open }

// PendingRequests returns how many requests wait for a connection.
func (m *Machine) PendingRequests() int { return m.pending.Len() }

// send queues a release or a cancel of r. Without a connection it does nothing: the next statement leaves r out.
func (m *Machine) send(kind Kind, r *Request) {
	if m.conn == nil {
		return
	}
	m.out.Send = append(m.out.Send, Message{Kind: kind, ID: r.What.ID, Quiet: kind == Release && r.Async})
}

// wake wakes the caller that waits for r.
func (m *Machine) wake(r *Request) { m.out.Wake = append(m.out.Wake, r) }

// end ends r.
func (m *Machine) end(r *Request, how *End) {
	switch {
	case r.state == pending:
		m.pending.Delete(r.order)
	case m.session != nil:
		m.session.requests.Delete(r.What.ID.N)
	}
	if r.isUnconfirmed() { // it is not open
		if m.session != nil {
			m.session.releases.remove(r)
		}
	} else {
		m.open--
	}
	m.deadlines.remove(r)
	r.state, r.end = ended, how
	m.out.Changed = m.out.Changed || m.drains
	m.stop(r, how)
	m.wake(r)
}

package core

import (
	"errors"
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Receive handles a reply that was read at that time. A reply that is read after the end of the lease has no effect. A
// reply that makes no sense ends the connection: it might have been about a lock.
func (m *Machine) Receive(reply wire.Reply, at Instant) {
	if m.conn != nil {
		m.conn.expects.isOpen = false
	}
	m.Tick(at)
	switch {
	case m.resumption != nil:
		m.receiveAnswer(reply, at)
	case m.conn != nil:
		m.receive(reply, at)
	}
}

// receive handles a reply on the connection.
func (m *Machine) receive(reply wire.Reply, at Instant) {
	if err := m.checkSense(reply); err != nil {
		m.abandon(err, at)
		return
	}
	switch reply := reply.(type) {
	case *wire.Granted:
		m.setPause("")
		m.grant(reply, at)
	case *wire.Released:
		m.endByID(reply.ID, &m.released)
	case *wire.Cancelled:
		m.endByID(reply.ID, &m.cancelled)
	case *wire.Lost:
		m.loseByID(reply)
	case *wire.Error:
		m.refuse(reply, at)
		m.answered(reply.ID, at)
	case *wire.Pong:
		m.setPause(reply.NotGranting)
		m.answered(reply.ID, at)
	case *wire.InfoPage:
		m.setPause(reply.NotGranting)
	case *wire.Chain:
		m.setPause(reply.NotGranting)
	case *wire.Moving:
		moved := m.endOfConnection(errMoving())
		moved.Moved = true
		m.disconnect(at, moved, FallSilent)
	case *wire.Draining: // the broker ends the waiters, and closes the connection itself
		m.conn.draining, m.out.Changed = true, true
		m.endLingers()
	}
}

// checkSense returns why a reply makes no sense, or nil.
func (m *Machine) checkSense(reply wire.Reply) error {
	switch reply := reply.(type) {
	case *wire.Hello:
		return errors.New("the broker sent hello, which answers nothing")
	case *wire.Resumed:
		return errors.New("the broker sent resumed, which answers nothing")
	case *wire.NotResumed: // it may refuse each message of a statement
		if !m.conn.isStatement(reply.ID) {
			return errors.New("the broker sent not_resumed, which answers nothing")
		}
	case *wire.Moving:
		if m.session.secret == "" {
			return errors.New("the broker sent moving, but no secret")
		}
	case *wire.Error:
		if reply.ID.IsZero() {
			return fmt.Errorf("the broker could not read a message: %w", reply)
		}
	}
	return nil
}

// setPause notes why the broker grants nothing, or "".
func (m *Machine) setPause(pause wire.Pause) {
	if pause != m.conn.pause {
		m.conn.pause, m.out.Changed = pause, true
	}
}

// grant notes that a request holds, unless its caller has cancelled it. After a session was taken up, the broker may
// repeat a grant.
func (m *Machine) grant(granted *wire.Granted, at Instant) {
	r := m.session.request(granted.ID)
	if r != nil {
		m.confirm(r)
	}
	if r != nil && r.state == holding && r.token != granted.Token {
		m.abandon(fmt.Errorf("the broker granted %s again, with another token", granted.ID), at)
	}
	if r == nil || r.state != waiting {
		return
	}
	m.hold(r, granted.Token, at)
}

// hold lets r hold.
func (m *Machine) hold(r *Request, token int64, at Instant) {
	r.state, r.token = holding, token
	r.term.begin = at
	if r.term.hold > 0 {
		m.setDeadline(r, at.Mono+r.term.hold)
	}
	m.wake(r)
}

// ungrant takes back a grant that nobody has claimed: the request waits again.
func (m *Machine) ungrant(r *Request) {
	m.deadlines.remove(r)
	r.state, r.token = waiting, 0
}

// loseByID ends the request that has lost its locks, if it is open.
func (m *Machine) loseByID(reply *wire.Lost) {
	m.endByID(reply.ID, &End{
		How: Lost, Request: m.session.request(reply.ID),
		Reason: Reason(reply.Reason), By: reply.By, Message: reply.Message,
	})
}

// endByID ends the request with that id, if it is open.
func (m *Machine) endByID(id wire.ID, how *End) {
	if r := m.session.request(id); r != nil {
		m.confirm(r)
		m.end(r, how)
	}
}

// refuse ends a request that the broker has refused, or lets it wait for the next connection.
func (m *Machine) refuse(refusal *wire.Error, at Instant) {
	r := m.session.request(refusal.ID)
	if r == nil {
		return
	}
	m.confirm(r)
	switch {
	case r.isUnconfirmed():
		m.refuseAsync(r, refusal)
	case isForNext(refusal.Code) && r.state == waiting && m.canMove(r):
		m.setAside(r, at)
	case refusal.Code == wire.NotFound && r.parent != nil && r.parent.cause != nil:
		m.end(r, outerLost(r.parent.cause)) // the parent has ended while r was on its way
	default:
		m.end(r, &End{How: Refused, Refusal: refusal})
	}
}

// isForNext reports whether a request that was refused with that code is submitted again on the next connection.
func isForNext(code wire.Code) bool {
	for _, row := range wire.ErrorCodes() {
		if row.Code == code {
			return row.Retry == wire.RetryReconnect
		}
	}
	return false
}

// setAside moves a waiting request from the connection to the pending ones.
func (m *Machine) setAside(r *Request, at Instant) {
	m.session.requests.Delete(r.What.ID.N)
	m.deadlines.remove(r)
	m.pend(r, at)
}

package core

import (
	"errors"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// Acquire opens r: it submits r, or lets r wait for a connection. It does neither if enclosing requests hold all
// locks of r. It returns nil, or how the machine has refused r.
func (m *Machine) Acquire(r *Request, at Instant) *End {
	m.Tick(at)
	m.checkTermsAround(r, at)
	r.machine = m
	refused := m.checkOuter(r)
	if refused == nil {
		refused = m.borrow(r)
	}
	if refused == nil && len(r.What.Locks) == 0 {
		r.state = covered
		return nil
	}
	if refused == nil {
		refused = m.checkOpen(r)
	}
	if refused != nil {
		m.stop(r, refused)
		return refused
	}
	m.openRequest(r, at)
	return nil
}

// checkOuter returns why r is refused inside the requests that enclose it, or nil.
func (m *Machine) checkOuter(r *Request) *End {
	switch outer := m.enclosing(r); {
	case outer != nil && outer.cause != nil:
		return outerLost(outer.cause)
	case outer != nil && r.What.Steal:
		return &End{How: Invalid, Err: errors.New("steal: not inside a lock that this client holds")}
	}
	return nil
}

// checkOpen returns why r may not be opened now, or nil.
func (m *Machine) checkOpen(r *Request) *End {
	switch {
	case m.closed != nil:
		return m.closed
	case m.drains && m.enclosing(r) == nil: // a holder may need another lock to finish
		return &m.withdrawn
	case m.conn == nil && r.Once:
		return m.last
	}
	return nil
}

// openRequest submits r, or lets it wait for a connection.
func (m *Machine) openRequest(r *Request, at Instant) {
	if r.Wait > 0 {
		r.until = at.Mono + r.Wait
	}
	r.term.hold = r.Hold
	m.orders++
	r.order = m.orders
	m.open++
	if m.conn == nil || m.isDraining() && m.canMove(r) {
		m.pend(r, at)
	} else {
		m.submit(r, at)
	}
}

// pend lets r wait for a connection until its wait is over.
func (m *Machine) pend(r *Request, at Instant) {
	r.state = pending
	m.pending.Set(r.order, r)
	switch {
	case r.isLate(at):
		m.timeOut(r)
	case r.until > 0:
		m.setDeadline(r, r.until)
	}
}

// timeOut ends a pending request whose wait is over.
func (m *Machine) timeOut(r *Request) {
	how := &End{How: TimedOut}
	if m.conn == nil {
		how.Because = m.last
	}
	m.end(r, how)
}

// submit sends r on the connection. From then on the broker counts its wait.
func (m *Machine) submit(r *Request, at Instant) {
	m.deadlines.remove(r)
	r.state, r.What.ID, r.parent = waiting, m.OpenID(), m.enclosing(r)
	r.term.begin = at // of the wait, for a statement
	m.session.requests.Set(r.What.ID.N, r)
	what := m.compose(r, at)
	if err := codec.CheckFrame(what, m.conn.hello.Limits); err != nil { // this broker's limits are lower
		m.end(r, &End{How: Invalid, Err: err})
		return
	}
	m.out.Send = append(m.out.Send, Message{Kind: Acquire, ID: r.What.ID, Acquire: what, Request: r})
}

// compose returns r as a message for this connection.
func (m *Machine) compose(r *Request, at Instant) *wire.Acquire {
	what := &r.What
	if r.parent != nil { // for this message only: when r is sent again, its parent may be released
		inside := r.What
		inside.Parent = r.parent.What.ID
		what = &inside
	}
	what.WaitMS, what.HoldMS = wire.Opt[int64]{}, wire.Opt[int64]{}
	switch {
	case r.Once && !what.Steal:
		what.WaitMS = wire.Some[int64](0)
	case !r.Once && r.until > 0:
		what.WaitMS = wire.Some(toMillis(r.until - at.Mono)) // never 0, or r would have timed out
	}
	if r.Hold > 0 {
		what.HoldMS = wire.Some(toMillis(backstop(r.Hold, m.session.lease.Timeout)))
	}
	return what
}

// toMillis rounds up: nothing may end before its time.
func toMillis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

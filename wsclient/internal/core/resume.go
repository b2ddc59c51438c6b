package core

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A session that survives its connection is taken up on the next one. For the machine's caller there is no connection
// before the broker has answered: IsConnected returns false, and nothing but the statement is sent.

// A resumption is the attempt to take up the session on a connection.
type resumption struct {
	conn   *connection
	due    time.Duration // when the statement may be sent; 0: it was sent
	sent   Instant       // when the statement was sent
	lease  Lease         // of the connection
	stated []stated
}

func errMoving() error { return errors.New("the broker is about to restart, and keeps the session") }

// IsResuming reports whether the client waits for the answer to its statement.
func (m *Machine) IsResuming() bool { return m.resumption != nil }

// resume begins to take up the session on conn. The lease of conn begins when the network connection was made.
func (m *Machine) resume(conn *connection, lease Lease, at Instant) {
	m.resumption = &resumption{conn: conn, lease: lease}
	m.state(at)
}

// state states the session, unless it must wait: a lock that is left out of the statement is free, and its holder may
// be stopping.
func (m *Machine) state(at Instant) {
	res := m.resumption
	statement := m.newStatement(res.conn.hello, at)
	if statement == nil {
		m.resumption = nil
		m.loseSession(notByThis, at)
		m.begin(res.conn, res.lease, at)
		return
	}
	if res.due = statement.due; res.due > 0 {
		return
	}
	res.conn.parts = int64(len(statement.messages))
	res.sent, res.stated = at, statement.stated
	m.out.Resume = statement.messages
}

// StatesIn returns how long the client waits before it states its session, so that holders can stop.
func (m *Machine) StatesIn(at Instant) time.Duration {
	if m.resumption == nil || m.resumption.due == 0 {
		return 0
	}
	return max(m.resumption.due-at.Mono, 0)
}

// endResumption ends a connection before the broker has answered the statement. It may have handled it. So the secret
// of this connection may be the right one, and a close code that ends a session may have ended this one.
func (m *Machine) endResumption(how *End, then Then, at Instant) {
	conn, isStated := m.resumption.conn, m.resumption.due == 0
	m.resumption = nil
	if then == FallSilent { // on this connection nothing was granted
		then = CloseNow
	}
	m.out.Changed = true
	m.out.Disconnect = Disconnect{Owner: conn.owner, End: how, Then: then}
	if !isStated {
		return
	}
	if endsSession(how.Code) {
		const format = "the broker has not answered, but closed the connection with %d"
		m.loseSession(fmt.Sprintf(format, how.Code), at)
	} else if since := m.session.try(conn.hello.Secret, at); since > 0 {
		m.loseSession(fmt.Sprintf("no broker has answered an attempt to take it up for %v", since), at)
	}
}

// try notes that the broker has not answered a statement on a connection with that secret. If it is time to give the
// session up, try returns for how long nobody has answered.
//
// Any of these secrets may be the right one now, and a statement has room for a few. If there are more, the client
// leaves out the second one, and so keeps the first and the latest. A broker that hangs while it changes its record has
// the session's own or the first on record, and the latest in memory.
//
// After two session timeouts, no broker that works still keeps the session.
func (s *session) try(secret string, at Instant) (since time.Duration) {
	if len(s.tried) == 0 {
		s.triedSince = at
	}
	if len(s.tried) == wire.MaxTried {
		if since := at.Since(s.triedSince); since > 2*s.lease.Timeout {
			return since
		}
		s.tried = slices.Delete(s.tried, 1, 2)
	}
	s.tried = append(s.tried, secret)
	return 0
}

// loseSession ends a session that cannot be taken up. The message says why, for people.
func (m *Machine) loseSession(message string, at Instant) {
	if m.config.NoReconnect {
		m.endWithSession(errors.New("the session was not taken up: "+message), at)
	} else {
		m.endSession(m.afterwards(), at)
	}
	m.out.Answer, m.out.Changed = &wire.NotResumed{Message: message}, true
}

// endWithSession ends a client whose first session is its last, although the broker had moved.
func (m *Machine) endWithSession(err error, at Instant) {
	m.close(&End{How: Closed, Reason: ReasonConnection, Err: err, Because: m.last}, at)
}

// afterwards returns the end of the last connection, as the reason for a loss that a broker has reported since. It has
// no lease: the broker may have granted the locks to others already.
func (m *Machine) afterwards() *End {
	how := *m.last
	how.Lease = Lease{}
	return &how
}

const notByThis = "this broker does not take up sessions"

// checkResumption ends a resumption whose answer does not come.
func (m *Machine) checkResumption(at Instant) {
	if m.resumption == nil {
		return
	}
	if lease := m.resumption.lease; lease.Left(at) <= 0 {
		ended := &End{How: Disconnected, Reason: ReasonLease, Lease: lease, Late: -lease.Left(at)}
		m.endResumption(ended, CloseNow, at)
	}
}

// stateIfDue states the session if that had to wait.
func (m *Machine) stateIfDue(at Instant) {
	if m.resumption != nil && m.resumption.due > 0 && m.resumption.due <= at.Mono {
		m.state(at)
	}
}

// receiveAnswer handles what the broker sends before it has answered the statement.
func (m *Machine) receiveAnswer(reply wire.Reply, at Instant) {
	conn := m.resumption.conn
	switch reply := reply.(type) {
	case *wire.Draining:
		conn.draining = true
		return
	case *wire.Lost: // it comes just before resumed, which names the request, too
		m.loseByID(reply)
		return
	case *wire.Moving:
		m.abandon(errMoving(), at)
		return
	case *wire.Resumed:
		if err := m.checkResumed(reply); err != nil {
			m.abandon(err, at)
		} else {
			m.resumed(reply, at)
		}
		return
	case *wire.NotResumed:
		if conn.isStatement(reply.ID) {
			m.notResumed(reply, at)
			return
		}
	}
	m.abandon(fmt.Errorf("the broker has not answered resume, but sent %s", codec.Kind(reply)), at)
}

// isStatement reports whether id is that of one of the messages of the statement.
func (c *connection) isStatement(id wire.ID) bool {
	return id.Session == c.hello.Session && id.N < c.parts
}

// checkResumed returns why the reply makes no sense, or nil. It must be the answer to the last message of the
// statement, and name each request at most once, as stated as held.
func (m *Machine) checkResumed(reply *wire.Resumed) error {
	res := m.resumption
	if want := (wire.ID{Session: res.conn.hello.Session, N: res.conn.parts - 1}); reply.ID != want {
		return fmt.Errorf("the broker sent resumed for %s, which is not the last message", reply.ID)
	}
	held := make(map[int64]bool)
	for _, s := range res.stated {
		if s.token > 0 {
			held[s.request.What.ID.N] = true
		}
	}
	for _, list := range [][]int64{reply.Held, reply.Lost} {
		for _, n := range list {
			if !held[n] {
				const format = "resumed has %d, which is named twice, or was not stated as held"
				return fmt.Errorf(format, n)
			}
			delete(held, n)
		}
	}
	return nil
}

// notResumed goes on with the session of the connection.
func (m *Machine) notResumed(reply *wire.NotResumed, at Instant) {
	res := m.resumption
	m.resumption = nil
	m.loseSession(reply.Message, at)
	res.lease.answered(res.sent)
	m.begin(res.conn, res.lease, at)
}

// resumed goes on with the session on the new connection.
func (m *Machine) resumed(reply *wire.Resumed, at Instant) {
	res, s := m.resumption, m.session
	m.resumption, m.conn = nil, res.conn
	s.secret, s.tried = res.conn.hello.Secret, nil
	s.lease, s.isLeaseOver = res.lease, false
	s.lease.answered(res.sent)
	m.out.Answer, m.out.Changed = reply, true
	m.endUnstated(res.stated)
	lost := m.loseStated(res.stated, reply.Held, at)
	for _, stated := range res.stated {
		if !lost[stated.request] {
			m.goOn(stated, at)
		}
	}
	for r := range m.pending.InOrder() {
		m.endIfInsideLost(r)
	}
	m.settleIn(at)
}

// endUnstated ends the requests that the statement has left out, because the client had released or cancelled them.
func (m *Machine) endUnstated(all []stated) {
	isStated := make(map[*Request]bool)
	for _, s := range all {
		isStated[s.request] = true
	}
	for r := range m.session.requests.InOrder() {
		switch {
		case isStated[r]:
		case r.state == releasing:
			m.end(r, &m.released)
		case r.state == cancelling:
			m.end(r, &m.cancelled)
		}
	}
}

// loseStated ends the requests that the client has stated as held, and that do not hold, the latest first. It returns
// them.
func (m *Machine) loseStated(all []stated, held []int64, at Instant) map[*Request]bool {
	holds := make(map[int64]bool)
	for _, n := range held {
		holds[n] = true
	}
	lost := make(map[*Request]bool)
	for _, s := range slices.Backward(all) {
		r := s.request
		if s.token == 0 || holds[r.What.ID.N] {
			continue
		}
		lost[r] = true
		switch {
		case r.state == ended:
		case r.state == cancelling:
			m.end(r, &m.cancelled)
		case !r.claimed && m.canMove(r): // nobody has used the lock
			m.ungrant(r)
			m.setAside(r, at)
		default:
			how := m.afterwards()
			how.Reason, how.Late = ReasonConnection, 0 // the lease may have ended the connection, too
			m.end(r, lostWith(r, how))
		}
	}
	return lost
}

// goOn goes on with a stated request, which holds or waits on the broker. If it was released or cancelled, or has
// ended, after it was stated, the broker must be told.
func (m *Machine) goOn(s stated, at Instant) {
	r := s.request
	switch r.state {
	case releasing:
		m.send(Release, r)
	case cancelling:
		m.send(Cancel, r)
	case ended:
		if !m.isStale(r) {
			m.send(Cancel, r)
		}
	case waiting:
		m.deadlines.remove(r)
		if s.token > 0 { // its grant was taken back when the lease ended
			m.hold(r, s.token, at)
		}
	}
}

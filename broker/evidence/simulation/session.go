package simulation

import (
	"io"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// A session is one connection as the broker sees it: its reader, its writer, and what the loop knows of it.
type session struct {
	b         *broker
	conn      *conn
	name      string
	index     int32
	lastHeard time.Duration     // on the clock of the run
	heard     simclient.Instant // when the client sent the latest message that the broker has read
	timeout   time.Duration     // the session timeout
	heartbeat time.Duration
	todo      []item

	queued    bool               // it is among the turns
	parked    bool               // it is among those that wait for the record
	lasting   *lastingConnection // nil: it ends with its connection
	mark      owner.Mark         // must be on record before anything is granted
	resuming  *resuming          // the session that it takes up; or nil
	replaced  bool               // its session goes on with another connection
	absent    bool               // it has ended, and its session goes on
	ofLastRun bool               // it stands for a session of the last term
	out       []message          // waits until the broker may answer
	settles   bool               // its client has stated what it has

	closing bool          // its reader has ended
	ended   bool          // the loop has ended it
	freed   bool          // its locks went to others at once
	deaf    bool          // no frames can be read from it
	deafAt  time.Duration // from then on; 0: never
	lingers bool          // it has ended, and the broker listens for its client's end
	asked   int           // the code of the broker's close frame
	tcp     error

	order  []*request    // its requests, in the broker's order
	leaves bool          // it has ended
	kept   time.Duration // until when its locks are kept
}

// An item is what a reader puts into the inbox of the loop.
type item struct {
	request wire.Request
	end     *ending
	opens   bool
}

// An ending says how a connection has ended.
type ending struct {
	code int // of the close frame to send; 0: none
	by   transport.EndedBy
}

// endedBy infers who has ended the connection. said is the client's close frame, or nil.
func (s *session) endedBy(said *websocket.CloseError) transport.EndedBy {
	return transport.Sighting{Asked: s.asked, Said: said, TCP: s.tcp}.EndedBy()
}

// receive handles what the reader reads.
func (s *session) receive(m *message) {
	b := s.b
	if m.kind < aFIN {
		s.lastHeard = b.now()
	}
	if m.kind >= aFIN {
		s.tcpEnds(m)
		return
	}
	if m.kind == aClose {
		s.closed(m)
		return
	}
	if s.closing || s.ended || m.kind == aPong {
		return
	}
	s.heard = m.heard
	if s.lasting != nil && s.lasting.resumed != "" {
		s.lasting.proven = true
	}
	if ping, is := m.request.(*wire.Ping); is {
		if !s.put(&wire.Pong{ID: ping.ID, NotGranting: b.machine.Pause(b.now())}) {
			// It is the reader that answers pings, and only the loop may end the session.
			s.readEnds(ending{code: wire.ClosePolicy})
		}
		return
	}
	s.post(item{request: m.request})
}

// tcpEnds handles the end of TCP.
func (s *session) tcpEnds(m *message) {
	if s.tcp == nil {
		switch m.kind {
		case aFIN:
			s.tcp = io.EOF
		case aRST:
			s.tcp = syscall.ECONNRESET
		default:
			s.tcp = syscall.ETIMEDOUT
		}
	}
	if m.kind != aFIN {
		s.b.w.dropSocket(s.conn, down)
	}
	s.readEnds(ending{by: s.endedBy(nil)})
}

// closed handles a close frame of the client. The reader answers it.
func (s *session) closed(m *message) {
	if s.deaf || s.closing && s.asked == 0 || s.deafAt > 0 && s.b.now() >= s.deafAt {
		return
	}
	said := &websocket.CloseError{Code: m.code, Text: m.reason}
	if said.Text == wire.Goodbye {
		s.b.w.counts.add(SawGoodbye)
	}
	if s.asked == 0 {
		s.b.w.send(s.conn, down, message{kind: aClose, code: m.code})
	}
	by := s.endedBy(said)
	s.deaf = true
	s.readEnds(ending{by: by})
}

// readEnds ends the reader, which tells the loop. If the reader had ended before, it now knows more of the end.
func (s *session) readEnds(how ending) {
	if s.closing && !s.lingers {
		return
	}
	s.closing = true
	s.post(item{end: &how})
}

// checkSilence ends a session from which nothing has come for the session timeout.
func (s *session) checkSilence() {
	b := s.b
	if s.closing || s.ended {
		return
	}
	if due := s.lastHeard + s.timeout; due > b.now() {
		b.add(event{at: b.when(due), kind: evSilence, what: s.index, gen: b.run})
		return
	}
	b.w.counts.add(SawSilent)
	s.deaf = true
	s.readEnds(ending{code: wire.ClosePolicy, by: s.endedBy(nil)})
}

// pulse sends a WebSocket ping.
func (s *session) pulse() {
	b := s.b
	if s.ended || s.closing {
		return
	}
	b.w.send(s.conn, down, message{kind: aPing})
	b.add(event{at: b.when(b.now() + s.heartbeat), kind: evPulse, what: s.index, gen: b.run})
}

// post puts an item into the inbox, and lets the loop run.
func (s *session) post(it item) {
	b := s.b
	s.todo = append(s.todo, it)
	b.queue(s)
	b.round()
}

// handle handles an item whose turn it is.
func (s *session) handle(it *item) {
	b := s.b
	switch {
	case it.opens:
		s.open()
	case it.end != nil:
		s.end(*it.end)
	case !s.ended && !(s.closing && wantsAnswer(it.request)) && !s.refuseStray(it.request):
		b.handle(s, it.request)
	}
}

// wantsTurn reports whether there is something to do for s.
func (s *session) wantsTurn() bool { return len(s.todo) > 0 || s.isTakingUp() }

// wantsAnswer reports whether a message is useless if its sender cannot read the answer.
func wantsAnswer(m wire.Request) bool {
	switch m.(type) {
	case *wire.Release, *wire.Cancel:
		return false
	}
	return true
}

// open begins the session.
func (s *session) open() {
	b, now := s.b, s.b.now()
	b.machine.Open(s.name, s.peer(), nil)
	b.last(s)
	b.names[s.name] = s
	b.w.tracef("broker opens session %s for c%d", s.name, s.conn.node.plan.Number)
	hello := &wire.Hello{
		Protocol: wire.Version, Session: s.name, Limits: limits,
		HeartbeatMS: s.heartbeat.Milliseconds(), TimeoutMS: s.timeout.Milliseconds(),
		GraceMS: b.machine.GraceMS(now), NotGranting: b.machine.Pause(now),
	}
	if s.lasting != nil {
		hello.Secret = s.lasting.secret
	}
	s.reply(hello)
	if b.keepsRecord() {
		b.w.lastConns[s.name] = s.conn
	}
	if b.w.plan.isCluster() {
		s.mark = b.member.machine.Opened()
		b.member.kick()
	}
	if b.machine.IsDraining() {
		s.reply(&wire.Draining{GraceMS: b.machine.DrainLeft(now).Milliseconds()})
	}
}

func (s *session) peer() wire.Peer { return wire.Peer{Client: s.name} }

// reply lets the loop queue a reply. A client to which too much is due is cut off.
func (s *session) reply(m wire.Reply) {
	if !s.put(m) {
		s.end(ending{code: wire.ClosePolicy})
	}
}

// put queues a reply. It reports false if too much is due to the client. Then nothing of that is sent.
func (s *session) put(m wire.Reply) bool {
	w := s.b.w
	if s.ended {
		return true
	}
	sent := message{kind: aReply, reply: m, heard: s.heard}
	if !s.mayReply(&sent) {
		return true
	}
	w.send(s.conn, down, sent)
	if len(s.conn.pipes[down].backlog) <= mostWindows*w.plan.Window {
		return true
	}
	w.counts.add(SawSlowConsumer)
	s.conn.pipes[down].backlog = s.conn.pipes[down].backlog[:0]
	return false
}

// translate returns an acquire for the machine.
func (b *broker) translate(m *wire.Acquire, s *session) locktable.Acquire {
	a := core.AcquireOf(m, s.peer())
	if b.w.options.Break == DropsALock && len(a.Locks) > 1 {
		a.Locks = a.Locks[:len(a.Locks)-1]
	}
	return a
}

// handle passes a message to the machine.
func (b *broker) handle(s *session, m wire.Request) {
	now, w := b.now(), b.w
	if w.traces() {
		w.tracef("broker handles %s", describeRequest(m))
	}
	switch m := m.(type) {
	case *wire.Acquire:
		b.order.begin(s, m, now)
		events, over := b.machine.Acquire(now, b.translate(m, s), b.events[:0])
		if over != core.NoLimit {
			w.violate(promise.Isolation, "the broker is full with %d requests", len(b.order.requests))
		}
		b.tell(events)
		for b.machine.IsSearching() {
			b.tell(b.machine.Search(now, b.events[:0]))
		}
	case *wire.Release:
		b.tell(b.machine.Release(now, *m, b.events[:0]))
	case *wire.Resume:
		b.resume(s, m)
	case *wire.Cancel:
		b.order.cancels(m.ID)
		b.tell(b.machine.Cancel(now, m.ID, b.events[:0]))
	}
}

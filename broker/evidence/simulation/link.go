package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// A direction is one of the two ways of a connection.
type direction int32

const (
	up   direction = iota // from the client to the broker
	down                  // from the broker to the client
)

// A message is what one side sends to the other.
type message struct {
	at      time.Duration // when it arrives at the earliest
	kind    messageKind
	code    int          // of a close frame, or the status of a refusal
	reason  string       // of a close frame
	request wire.Request // of the client
	reply   wire.Reply   // of the broker
	// heard is when the client sent the message. Of a reply, it is when the client sent the latest message that the
	// broker has read.
	heard simclient.Instant
}

type messageKind uint8

const (
	aRequest   messageKind = iota // a message of the client
	aReply                        // a message of the broker
	aHandshake                    // the HTTP request that begins a session
	aRefusal                      // the HTTP answer that begins none
	aPing                         // a WebSocket ping
	aPong                         // the answer to it
	aClose                        // a close frame
	aFIN                          // the end of TCP
	aRST                          // the reset of TCP
	aTimeout                      // ETIMEDOUT, which the receiver's own system reports
)

// A conn is a TCP connection between a client and the broker. Each side has a socket, until it closes it.
type conn struct {
	number   int32
	node     *node
	broker   *broker
	link     simclient.Link
	life     int32 // of the client's process
	run      int32 // of the broker
	session  *session
	pipes    [2]pipe
	sockets  [2]bool // up: the client's, down: the broker's
	answered bool    // the client has read the hello, or a refusal
	lost     bool    // something in between loses everything from now on
	isForged bool    // something in between has ended the broker's side
	isReset  bool    // the same for the client's side, so that its kernel resets the broker's side in turn
	code     int     // of the broker's close frame, once the client has read it
	made     simclient.Instant
	heard    simclient.Instant // when the client sent the latest message whose answer it may have read
}

// A pipe is one direction of a connection. It never changes the order.
type pipe struct {
	flight   []message     // sent, and not read yet
	backlog  []message     // written, but the kernel has no room for it
	last     time.Duration // when the latest message arrives
	sent     uint64
	planned  bool          // an arrival is among the events
	waits    bool          // the receiver reads nothing
	progress time.Duration // when the backlog last became shorter
}

// writeStall is how long a write may make no progress, on both sides.
const writeStall = 10 * time.Second

// newConn makes a connection that the client dials.
func (w *World) newConn(n *node, link simclient.Link) *conn {
	c := &conn{number: int32(len(w.conns)), node: n, broker: n.target(), link: link, life: n.life}
	w.conns = append(w.conns, c)
	return c
}

// delay returns how long a message takes.
func (w *World) delay(c *conn, d direction, number uint64) time.Duration {
	random := w.random(forDelay, uint64(c.node.plan.Number), uint64(c.life)<<32|uint64(c.link), uint64(d), number)
	delay := upTo(w.plan.Delay, random>>8)
	if chance(3, random&0xff) {
		delay *= 10
	}
	if lag := &c.node.lag[d]; w.now < lag.until {
		delay += lag.by
	}
	return delay + 1
}

// send sends a message, if the sender still has its socket.
func (w *World) send(c *conn, d direction, m message) {
	if !c.sockets[d] || c.lost {
		return
	}
	p := &c.pipes[d]
	if len(p.backlog) > 0 || len(p.flight) >= w.plan.Window && m.kind < aFIN {
		if len(p.backlog) == 0 {
			p.progress = w.now
			w.events.add(event{at: w.now + writeStall, kind: evStall, who: c.number, what: int32(d)})
		}
		p.backlog = append(p.backlog, m)
		return
	}
	w.launch(c, d, m)
}

// launch puts a message on its way.
func (w *World) launch(c *conn, d direction, m message) {
	p := &c.pipes[d]
	p.sent++
	p.last = max(p.last, w.now+w.delay(c, d, p.sent))
	m.at = p.last
	p.flight = append(p.flight, m)
	if !p.planned && !p.waits {
		w.planArrival(c, d, p.flight[0].at)
	}
}

func (w *World) planArrival(c *conn, d direction, at time.Duration) {
	c.pipes[d].planned = true
	w.events.add(event{at: max(at, w.now), kind: evArrive, who: c.number, what: int32(d)})
}

// arrive lets the first message of a pipe arrive, unless the network is cut or the receiver does not read.
func (w *World) arrive(c *conn, d direction) {
	p := &c.pipes[d]
	p.planned = false
	if c.lost || len(p.flight) == 0 {
		return
	}
	if healed := max(c.node.cut[d], c.broker.cut); healed > w.now {
		w.planArrival(c, d, healed+w.delay(c, d, p.sent))
		return
	}
	if c.sockets[1-d] && !w.reads(c, d) {
		p.waits = true
		return
	}
	m := p.flight[0]
	p.flight = p.flight[:copy(p.flight, p.flight[1:])]
	if len(p.backlog) > 0 {
		p.progress = w.now
		first := p.backlog[0]
		p.backlog = p.backlog[:copy(p.backlog, p.backlog[1:])]
		w.launch(c, d, first)
	}
	if len(p.flight) > 0 && !p.planned {
		w.planArrival(c, d, p.flight[0].at)
	}
	w.deliver(c, d, &m)
}

// reads reports whether the receiver of a pipe reads what arrives.
func (w *World) reads(c *conn, d direction) bool {
	if d == up {
		return c.broker.reads()
	}
	return !c.node.frozen && w.now >= c.node.slowUntil
}

// deliver gives a message to the process that has the socket. If there is none, the kernel answers with a reset.
func (w *World) deliver(c *conn, d direction, m *message) {
	switch {
	case !c.sockets[1-d]:
		if m.kind != aRST && m.kind != aTimeout && w.hostIsUp(c, d) {
			w.sendReset(c, 1-d)
		}
	case d == up:
		c.broker.receive(c, m)
	default:
		c.node.receive(c, m)
	}
}

// hostIsUp reports whether the machine at the end of a pipe runs.
func (w *World) hostIsUp(c *conn, d direction) bool {
	if d == up {
		return !c.broker.hostDown
	}
	return !c.node.hostDown
}

// sendReset sends a reset from a kernel that knows no such connection.
func (w *World) sendReset(c *conn, d direction) {
	if !c.lost && c.sockets[1-d] {
		w.launch(c, d, message{kind: aRST})
	}
}

// closeSocket closes the socket of the sender of a pipe. The kernel sends FIN, or RST if there was something to read.
func (w *World) closeSocket(c *conn, d direction) {
	if !c.sockets[d] {
		return
	}
	if unread := c.pipes[1-d].waits; unread {
		w.launch(c, d, message{kind: aRST})
	} else {
		w.launch(c, d, message{kind: aFIN})
	}
	w.dropSocket(c, d)
}

// dropSocket removes a socket without a word.
func (w *World) dropSocket(c *conn, d direction) {
	c.sockets[d] = false
	c.pipes[d].backlog = c.pipes[d].backlog[:0]
	w.goOn(c, 1-d) // its kernel answers what still arrives
}

// goOn lets messages arrive again that the receiver did not read.
func (w *World) goOn(c *conn, d direction) {
	p := &c.pipes[d]
	p.waits = false
	if len(p.flight) > 0 && !p.planned {
		w.planArrival(c, d, p.flight[0].at)
	}
}

// stalled ends a connection on which a write has made no progress for too long.
func (w *World) stalled(c *conn, d direction) {
	p := &c.pipes[d]
	if len(p.backlog) == 0 || !c.sockets[d] {
		return
	}
	if due := p.progress + writeStall; due > w.now {
		w.events.add(event{at: due, kind: evStall, who: c.number, what: int32(d)})
		return
	}
	w.counts.add(SawWriteStall)
	if d == up {
		c.node.writeFailed(c)
	} else {
		c.broker.writeFailed(c)
	}
}

// dial lets the SYN of a client arrive.
func (w *World) dial(c *conn) {
	n := c.node
	if c.life != n.life || !n.up || n.isStale(c) {
		return
	}
	again := time.Duration(0)
	switch {
	case n.frozen:
		n.deferred = append(n.deferred, event{kind: evDial, who: c.number})
		return
	case max(n.cut[up], n.cut[down], c.broker.cut) > w.now:
		again = max(n.cut[up], n.cut[down], c.broker.cut) + w.delay(c, up, 0)
	case c.broker.hostDown:
		again = w.now + time.Second
	case !c.broker.up:
		n.refused(c, 0)
		return
	default:
		c.run, c.sockets, c.made = c.broker.run, [2]bool{true, true}, n.at()
		w.send(c, up, message{kind: aHandshake})
		return
	}
	w.events.add(event{at: again, kind: evDial, who: c.number})
}

package broker

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/internal/metrics"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A connection holds what the reader, the writer and the loop share for one client. Each field is
// either set before the goroutines start or safe for concurrent use, except the name. There may be
// very many connections, so the small fields stand together: there is no gap between them.
type connection struct {
	// name is the name of the session. It belongs to the loop, because another session may go on with
	// the connection. Others call sessionName.
	name string
	peer wire.Peer
	ws   *websocket.Conn
	net  *transport.Conn // the connection below ws
	*services

	lasting *lastingConnection // nil: its session ends with it

	loop    loopSender
	backlog backlog
	out     *outbox
	pulse   *time.Timer   // fires when the next ping is due
	written chan struct{} // closed when the writer has ended

	// Who the client is, and what it may do. See authority.
	rights   atomic.Pointer[rights]
	renewing atomic.Bool // an auth is under way
	judging  sync.Mutex  // held while a message is judged and sent to the loop; it guards the next four
	left     bool        // the session has ended
	closed   bool        // the audit says that the broker closes it because of its credential
	control  *access.Control
	expiry   *time.Timer // fires when the credential expires; or nil

	kind      metrics.Client
	lockDelay bool         // as in Config, or because a standby passes the connection on
	closeCode atomic.Int32 // the code of the broker's close frame, set just before the frame is written
}

// parts holds the four structs of a session, so that they take one allocation.
type parts struct {
	connection connection
	reader     reader
	writer     writer
	session    session
}

// newReader creates a session, and returns its reader, from which everything else can be reached.
func newReader(
	b *Broker, name string, ws *websocket.Conn, net *transport.Conn, peer wire.Peer, who introduction,
) *reader {
	p := &parts{connection: connection{
		name: name, peer: peer, kind: who.kind, ws: ws, net: net, services: &b.services,
		backlog: backlog{shrunk: make(chan struct{}, 1)}, written: make(chan struct{}),
	}}
	c, r, w := &p.connection, &p.reader, &p.writer
	p.session.connection = c
	c.lockDelay = b.config.LockDelay || who.passedOn
	c.lasting = b.newLastingConnection(name, who)
	r.connection, r.flood.slots = c, b.readers
	r.decoder, r.ids = codec.NewRequestDecoder(name, b.config.Limits), ids{last: -1}
	r.memory.total = &b.memory.buffers
	w.connection, w.flood.slots = c, b.writers
	r.flood.breather, w.flood.breather = b.breather, b.breather
	c.loop = &p.session
	c.admitted(who.rights)
	c.out = newOutbox(b.loop.unsent, func() { go w.run() })
	net.Configure(transport.Options{
		Silence: b.config.Timeout, MessagesOnly: who.messagesOnly,
		BatchBytes: &b.memory.buffers, Traffic: &b.counters.traffic,
		BeforeRead: r.flood.giveSlot, BeforeWrite: w.flood.giveSlot,
	})
	return r
}

// heartbeat returns how often each side sends a sign of life. It is more often if the session is kept after any end of
// the connection, so that more of the client's lease is left when that happens.
func (c *connection) heartbeat() time.Duration {
	if c.lasting != nil && c.lasting.kept {
		return min(c.config.Heartbeat, c.config.Timeout/6)
	}
	return c.config.Heartbeat
}

// startPulse starts the timer that makes a ping due after each heartbeat interval.
func (c *connection) startPulse() {
	c.pulse = time.AfterFunc(math.MaxInt64, c.out.putPing)
	c.pulse.Reset(c.heartbeat()) // only now: the writer that putPing starts uses c.pulse
}

// writeControl writes a control frame.
func (c *connection) writeControl(kind int, data []byte) error {
	return c.ws.WriteControl(kind, data, time.Now().Add(transport.WriteStall))
}

package broker

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/internal/fair"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// maxMalformed is how many malformed frames in a row a client may send.
const maxMalformed = 100

// keepBuffer is the size up to which a reader and a writer keep their buffers for the
// next frame.
const keepBuffer = 4 << 10

// stayAfter is how many parcels a writer sends between two pings before it stays for
// more. One that has just said hello does not.
const stayAfter = 4

// A session is one connection: a reader and a writer. The rest, what the loop knows of it, is
// in turn.
type session struct {
	name string
	conn *websocket.Conn
	net  *batchConn // under conn
	peer wire.Peer

	config   *Config
	standing *standing
	lines    *lines
	decoder  *codec.RequestDecoder
	inbox    *inbox
	out      *outbox
	pulse    *time.Timer   // when the next ping is due
	frame    []byte        // the writer's, reused
	sent     int           // the writer's: parcels since the last ping
	written  chan struct{} // closed when the writer has ended

	closeCode atomic.Int32 // of the broker's close frame, from when it is written
	deaf      bool         // the reader's: no frame can be read any more

	ids     ids           // the reader's
	reading visitor       // the reader's
	writing visitor       // the writer's
	onWay   atomic.Int32  // how many items the loop has not handled yet
	wayOut  chan struct{} // has a token when these have become few again

	turn // the loop's
}

// A turn is what the loop knows of a session.
type turn struct {
	share      *share
	flows      [lanes]fair.Flow[*session]
	todo       todoList // what the client has sent, in order
	waits      bool     // for its turn, in the lane of the first of it
	auditing   bool     // the log is to say first what it has done to others
	paging     bool     // a page is on its way to it
	listing    *listing // which is not made yet, or nil
	awaitsRoom bool     // for a page, among others
	asking     bool     // a search is under way for it
	stealing   bool     // a steal of it is under way
	closing    bool     // its reader has ended
	leaves     bool     // its end was handled
	watches    *watches // nil before the first
}

// What a session may have on its way to the loop. Its reader waits when there is more, so that one
// that floods fills no memory, and goes on when half of it was handled.
const maxOnWay = 32

func newSession(b *Broker, name string, conn *websocket.Conn, net *batchConn, peer wire.Peer) *session {
	net.silence = b.config.Timeout
	s := &session{
		name: name, conn: conn, net: net, peer: peer,
		config: &b.config, standing: &b.standing, lines: b.lines, inbox: b.inbox,
		decoder: codec.NewRequestDecoder(name, b.config.Limits),
		ids:     ids{session: name, last: -1},
		reading: visitor{gate: b.readers}, writing: visitor{gate: b.writers},
		wayOut: make(chan struct{}, 1), written: make(chan struct{}),
	}
	net.beforeRead, net.beforeWrite = s.reading.leave, s.writing.leave
	s.out = newOutbox(b.loop.due, func() { go s.write() })
	return s
}

// begin is called before run, on a goroutine that ends soon: to write a line of the
// log takes a deep stack, and that of run is to stay small.
func (s *session) begin() {
	s.log(s.lines.opened.line()).Str("remote", printable.LogText(s.peer.Remote)).Str("client", printable.LogText(s.peer.Client)).
		Msg("session opened")
}

// run is the session's life: it reads until the connection ends, tells the
// loop, and lets the writer finish. When over ends the broker has stopped. It keeps the
// log, too, which the loop must not: a log that blocks would stop everybody.
func (s *session) run(over context.Context) {
	s.conn.SetPingHandler(s.out.answer)
	s.conn.SetCloseHandler(s.answerClose)
	s.pulse = time.AfterFunc(math.MaxInt64, s.out.beat)
	s.pulse.Reset(s.config.Heartbeat) // only now, for the writer that beat makes uses it
	defer s.pulse.Stop()

	end := ending{code: wire.CloseRestart, reason: "the broker has stopped"}
	if s.inbox.put(item{session: s, kind: itemOpened}) {
		end = s.read()
	}
	if !s.inbox.put(item{session: s, kind: itemEnded, ended: &end}) {
		s.out.finish(end)
	}
	s.part(over, end)
	_ = s.net.Close()
	s.log(s.lines.ended.line()).Str("reason", printable.LogText(s.out.finish(end).reason)).Msg("session ended")
}

// log says in a line of the log whose it is.
func (s *session) log(line *zerolog.Event) *zerolog.Event { return line.Str("session", s.name) }

// read hands every frame to the loop until the connection ends, and says how
// it is to end.
func (s *session) read() ending {
	malformed := 0
	var frame []byte
	defer s.reading.leave()
	for {
		var kind int
		var err error
		if kind, frame, err = s.readFrame(frame[:0]); err != nil {
			return s.endingOf(err)
		}
		if kind == websocket.BinaryMessage {
			return ending{code: wire.CloseBinary, reason: "binary frame"}
		}
		it, wellFormed := s.decode(frame)
		if end := s.pass(it); end != nil {
			return *end
		}
		malformed++
		if wellFormed {
			malformed = 0
		}
		if malformed > maxMalformed {
			return ending{code: wire.ClosePolicy, reason: "malformed frames"}
		}
		if s.reading.frame() {
			s.net.resume()
		}
	}
}

// pass answers a ping, and hands everything else to the loop. A sign of life does not wait for others: it
// says that it was heard, not that what was sent before it was handled.
func (s *session) pass(it item) *ending {
	if ping, ok := it.request.(*wire.Ping); ok {
		if !s.out.putPong(ping.ID, s.standing) {
			s.out.cut(slowConsumer)
			return &slowConsumer
		}
		if s.out.total.isOver() {
			s.inbox.rouse()
		}
		return nil
	}
	if !s.inbox.put(it) {
		return &ending{code: wire.CloseRestart, reason: "the broker has stopped"}
	}
	if s.onWay.Add(1) > maxOnWay {
		s.awaitLoop()
	}
	return nil
}

// awaitLoop waits until the loop has handled enough of what was sent. After that the reader rests, as the
// loop does: others want to be heard.
func (s *session) awaitLoop() {
	s.reading.leave()
	for s.onWay.Load() > maxOnWay {
		select {
		case <-s.wayOut:
		case <-s.written: // the session has ended
			return
		}
	}
	<-time.After(breath)
	s.reading.enter()
	s.net.resume()
}

// handled notes that the loop has handled an item.
func (s *session) handled() {
	if s.onWay.Add(-1) == maxOnWay/2 {
		select {
		case s.wayOut <- struct{}{}:
		default:
		}
	}
}

// errTooLong is the error for a frame of more than message_bytes. The library has a limit of its
// own, after which it reads nothing any more, and so would not hear the client's answer to
// the close frame.
var errTooLong = errors.New("frame too long")

// readFrame appends the next frame to buffer, which is to be empty.
func (s *session) readFrame(buffer []byte) (kind int, frame []byte, err error) {
	kind, reader, err := s.conn.NextReader()
	if err != nil {
		return 0, nil, err
	}
	if cap(buffer) > keepBuffer {
		buffer = nil
	}
	for err == nil {
		if s.net.byMessage {
			s.net.live()
		}
		var n int
		buffer = slices.Grow(buffer, frameBuffer/2)
		n, err = reader.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if len(buffer) > s.config.Limits.MessageBytes {
			return 0, nil, errTooLong
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return kind, buffer, err
}

// decode makes an item of a frame, and reports whether it was well-formed JSON.
func (s *session) decode(frame []byte) (it item, wellFormed bool) {
	request, err := s.decoder.Decode(frame)
	if err == nil {
		if refusal := s.ids.admit(request); refusal != nil {
			if isAudited(request) {
				s.reading.leave() // the log may block
				s.audit(request, verdict{code: refusal.Code})
			}
			return item{session: s, kind: itemFault, fault: refusal}, true
		}
		return item{session: s, kind: itemRequest, request: request}, true
	}
	var fault *wire.Error
	var syntax *codec.SyntaxError
	if errors.As(err, &syntax) {
		fault = &wire.Error{Code: wire.BadRequest, Message: syntax.Reason}
		return item{session: s, kind: itemFault, fault: fault}, false
	}
	errors.As(err, &fault) // there is no other kind
	return item{session: s, kind: itemFault, fault: fault}, true
}

// write sends what the loop puts into the outbox, and pings, until the session
// ends, or has little to say: a connection at rest needs no writer, and the outbox
// makes another one. When the client takes nothing any more it closes the connection,
// which ends the reader.
func (s *session) write() {
	var p parcel
	for {
		<-s.out.wake
		p = s.out.take(p)
		err := s.send(&p)
		if err != nil {
			s.giveUp(err)
		}
		if err != nil || p.end != nil {
			close(s.written)
			return
		}
		s.sent++
		if p.ping {
			s.pulse.Reset(s.config.Heartbeat)
			s.sent = 0
		}
		if s.sent < stayAfter {
			s.frame = nil
			if s.out.retire() {
				return
			}
		}
	}
}

// send sends a parcel, in as few writes as may be.
func (s *session) send(p *parcel) error {
	s.net.gather()
	err := s.compose(p)
	err = errors.Join(err, s.net.flush())
	s.out.sent()
	return err
}

// compose makes the frames of a parcel.
func (s *session) compose(p *parcel) error {
	if p.ping {
		if err := s.control(websocket.PingMessage, nil); err != nil {
			return err
		}
	}
	if p.pong != nil {
		if err := s.control(websocket.PongMessage, []byte(*p.pong)); err != nil {
			return err
		}
	}
	if err := s.composeReplies(p.replies); err != nil {
		return err
	}
	if p.end != nil && p.end.code != 0 {
		s.closeCode.Store(int32(p.end.code)) // before the client can answer
		// Whether it arrives is of no concern any more.
		_ = s.control(websocket.CloseMessage, websocket.FormatCloseMessage(p.end.code, p.end.reason))
		s.net.hurry() // the reader hears the client's answer soon, or not at all
	}
	return nil
}

func (s *session) composeReplies(replies []wire.Reply) error {
	frame := s.frame
	defer s.writing.leave()
	for _, m := range replies {
		if lagged, is := m.(*wire.Lagged); is {
			s.out.resume(lagged.ID)
		}
		var err error
		if frame, err = codec.Append(frame[:0], m); err != nil {
			return err
		}
		if err = s.conn.WriteMessage(websocket.TextMessage, frame); err != nil {
			return err
		}
		if cap(frame) > keepBuffer {
			frame = nil
		}
		switch m.(type) {
		case *wire.InfoPage, *wire.Chain:
			s.inbox.put(item{session: s, kind: itemPageSent})
		}
		codec.Recycle(m)
		s.writing.frame()
	}
	s.frame = frame
	return nil
}

func (s *session) control(kind int, data []byte) error {
	return s.conn.WriteControl(kind, data, time.Now().Add(writeStall))
}

// giveUp ends a connection that takes nothing any more; the reader notices.
func (s *session) giveUp(err error) {
	s.out.finish(ending{reason: "the client takes no more: " + err.Error()})
	_ = s.net.Close()
}

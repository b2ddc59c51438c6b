package broker

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// maxMalformed is how many malformed frames in a row a client may send.
const maxMalformed = 100

// keepBuffer is the size up to which a reader and a writer keep their buffers for the
// next frame.
const keepBuffer = 4 << 10

// stayAfter is how many parcels a writer sends between two pings before it stays for
// more. One that has just said hello does not.
const stayAfter = 4

// A session is one connection: a reader and a writer. What the loop owns is
// marked; the rest belongs to the session's own goroutines.
type session struct {
	name string
	conn *websocket.Conn
	net  *batchConn // under conn
	peer wire.Peer

	config  *Config
	decoder *wire.RequestDecoder
	inbox   *inbox
	out     *outbox
	pulse   *time.Timer   // when the next ping is due
	frame   []byte        // the writer's, reused
	sent    int           // the writer's: parcels since the last ping
	page    chan struct{} // has a token while a page of the listing is asked for and not sent
	written chan struct{} // closed when the writer has ended

	last    int64    // the loop's: the greatest n that was used up, or -1
	leaves  bool     // the loop's: its end was handled
	watches *watches // the loop's: nil before the first
}

func newSession(name string, conn *websocket.Conn, net *batchConn, peer wire.Peer, c *Config, in *inbox) *session {
	net.silence = c.Timeout
	s := &session{
		name: name, conn: conn, net: net, peer: peer,
		config: c, decoder: wire.NewRequestDecoder(name, c.Limits),
		inbox: in, page: make(chan struct{}, 1), written: make(chan struct{}),
		last: -1,
	}
	s.out = newOutbox(func() { go s.write() })
	return s
}

// begin is called before run, on a goroutine that ends soon: to write a line of the
// log takes a deep stack, and that of run is to stay small.
func (s *session) begin() {
	s.log(s.config.Logger.Info()).Str("remote", s.peer.Remote).Str("client", s.peer.Client).Msg("session opened")
}

// run is the session's life: it reads until the connection ends, tells the
// loop, and lets the writer finish. When over ends the broker has stopped. It keeps the
// log, too, which the loop must not: a log that blocks would stop everybody.
func (s *session) run(over context.Context) {
	s.conn.SetReadLimit(int64(s.config.Limits.MessageBytes))
	s.conn.SetPingHandler(s.out.answer)
	s.conn.SetCloseHandler(s.answerClose)
	s.pulse = time.AfterFunc(math.MaxInt64, s.out.beat)
	s.pulse.Reset(s.config.Heartbeat) // only now, for the writer that beat makes uses it
	defer s.pulse.Stop()

	end := ending{code: wire.CloseRestart, reason: "the broker has stopped"}
	if _, taken := s.inbox.put(item{session: s, opened: true}); taken {
		end = s.read()
	}
	if _, taken := s.inbox.put(item{session: s, ended: &end}); !taken {
		s.out.finish(end)
	}
	s.part(over, end)
	_ = s.net.Close()
	s.log(s.config.Logger.Info()).Str("reason", s.out.finish(end).reason).Msg("session ended")
}

// log says in a line of the log whose it is.
func (s *session) log(line *zerolog.Event) *zerolog.Event { return line.Str("session", s.name) }

// read hands every frame to the loop until the connection ends, and says how
// it is to end.
func (s *session) read() ending {
	malformed := 0
	var frame []byte
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
		if asksForPage(it.request) {
			s.awaitPage()
		}
		waited, taken := s.inbox.put(it)
		if !taken {
			return ending{code: wire.CloseRestart, reason: "the broker has stopped"}
		}
		if waited {
			// The loop has more than it can do. As with breath, others are to be heard.
			<-time.After(breath)
			s.net.resume()
		}
		s.awaitVerdict(it)
		malformed++
		if wellFormed {
			malformed = 0
		}
		if malformed > maxMalformed {
			return ending{code: wire.ClosePolicy, reason: "malformed frames"}
		}
	}
}

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
		var n int
		buffer = slices.Grow(buffer, frameBuffer/2)
		n, err = reader.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return kind, buffer, err
}

// asksForPage reports whether the answer to m may be as long as a page.
func asksForPage(m wire.Request) bool {
	switch m.(type) {
	case *wire.Info, *wire.Why:
		return true
	}
	return false
}

// awaitPage waits until the page that was asked for before has been sent. So a
// client costs the memory of one page, however fast it asks.
func (s *session) awaitPage() {
	select {
	case s.page <- struct{}{}:
	case <-s.written:
	}
	s.net.resume()
}

// pageDone notes that a page has been sent, or refused. It does not wait.
func (s *session) pageDone() {
	select {
	case <-s.page:
	default:
	}
}

// decode makes an item of a frame, and reports whether it was well-formed JSON.
func (s *session) decode(frame []byte) (it item, wellFormed bool) {
	request, err := s.decoder.Decode(frame)
	if err == nil {
		return item{session: s, request: request, verdict: newVerdicts(request)}, true
	}
	var fault *wire.Error
	var syntax *wire.SyntaxError
	if errors.As(err, &syntax) {
		fault = &wire.Error{Code: wire.BadRequest, Message: syntax.Reason}
		return item{session: s, fault: fault}, false
	}
	errors.As(err, &fault) // there is no other kind
	return item{session: s, fault: fault}, true
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
		// Whether it arrives is of no concern any more.
		_ = s.control(websocket.CloseMessage, websocket.FormatCloseMessage(p.end.code, p.end.reason))
		s.net.hurry() // the reader hears the client's answer soon, or not at all
	}
	return nil
}

func (s *session) composeReplies(replies []wire.Reply) error {
	frame := s.frame
	for _, m := range replies {
		if lagged, is := m.(*wire.Lagged); is {
			s.out.resume(lagged.ID)
		}
		var err error
		if frame, err = wire.Append(frame[:0], m); err != nil {
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
			s.pageDone()
		}
		wire.Recycle(m)
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

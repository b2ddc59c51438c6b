package broker

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// maxMalformed is how many malformed frames in a row a client may send.
const maxMalformed = 100

// keepBuffer is the size up to which a writer keeps its buffer for the next reply.
const keepBuffer = 64 << 10

// A session is one connection: a reader and a writer. What the loop owns is
// marked; the rest belongs to the session's own goroutines.
type session struct {
	name string
	conn *websocket.Conn
	net  *progressConn // under conn
	peer wire.Peer

	heartbeat time.Duration
	limits    wire.Limits
	logger    zerolog.Logger

	inbox   *inbox
	out     *outbox
	page    chan struct{} // has a token while a page of the listing is asked for and not sent
	written chan struct{} // closed when the writer has ended
	stalled atomic.Bool   // the writer has given up a client that takes nothing

	last    int64    // the loop's: the greatest n that was used up, or -1
	leaves  bool     // the loop's: its end was handled
	watches *watches // the loop's: nil before the first
}

func newSession(name string, conn *websocket.Conn, net *progressConn, peer wire.Peer, c Config, in *inbox) *session {
	net.silence = c.Timeout
	return &session{
		name: name, conn: conn, net: net, peer: peer,
		heartbeat: c.Heartbeat, limits: c.Limits,
		logger: c.Logger.With().Str("session", name).Logger(),
		inbox:  in, out: newOutbox(), page: make(chan struct{}, 1), written: make(chan struct{}),
		last: -1,
	}
}

// run is the session's life: it reads until the connection ends, tells the
// loop, and lets the writer finish. It keeps the log, too, which the loop must
// not: a log that blocks would stop everybody.
func (s *session) run() {
	s.logger.Info().Str("remote", s.peer.Remote).Str("client", s.peer.Client).Msg("session opened")
	s.conn.SetReadLimit(int64(s.limits.MessageBytes))
	s.conn.SetPingHandler(s.out.answer)
	go func() {
		defer close(s.written)
		s.write()
	}()

	end := ending{code: wire.CloseRestart, reason: "the broker has stopped"}
	if s.inbox.put(item{session: s, opened: true}) {
		end = s.read()
	}
	if !s.inbox.put(item{session: s, ended: &end}) {
		s.out.finish(end)
	}
	if end.code == 0 {
		_ = s.net.Close()
	}
	<-s.written
	if end.code != 0 {
		s.net.linger()
	}
	_ = s.net.Close()
	s.logger.Info().Str("reason", s.out.finish(end).reason).Msg("session ended")
}

// read hands every frame to the loop until the connection ends, and says how
// it is to end.
func (s *session) read() ending {
	malformed := 0
	for {
		kind, frame, err := s.conn.ReadMessage()
		if err != nil {
			end := endingOf(err)
			end.cutOff = end.cutOff || s.stalled.Load()
			return end
		}
		if kind == websocket.BinaryMessage {
			return ending{code: wire.CloseBinary, reason: "binary frame"}
		}
		it, wellFormed := s.decode(frame)
		if asksForPage(it.request) {
			s.awaitPage()
		}
		if !s.inbox.put(it) {
			return ending{code: wire.CloseRestart, reason: "the broker has stopped"}
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
	request, err := wire.DecodeRequest(frame, s.limits)
	var fault *wire.Error
	var syntax *wire.SyntaxError
	switch {
	case errors.As(err, &syntax):
		fault = &wire.Error{Code: wire.BadRequest, Message: syntax.Reason}
		return item{session: s, fault: fault}, false
	case errors.As(err, &fault):
		return item{session: s, fault: fault}, true
	}
	return item{session: s, request: request, verdict: newVerdicts(request)}, true
}

// endingOf says what the end of reading means. No close frame is sent where the
// client has sent one, gorilla has, or nobody would read it.
func endingOf(err error) ending {
	var closed *websocket.CloseError
	var silent net.Error
	switch {
	case errors.As(err, &closed) && closed.Code == websocket.CloseAbnormalClosure, errors.Is(err, io.EOF):
		return ending{reason: "ended without a close frame"}
	case errors.As(err, &closed):
		return ending{reason: "closed by the client", goodbye: true}
	case errors.Is(err, websocket.ErrReadLimit):
		return ending{code: wire.CloseTooBig, reason: "frame too long", cutOff: true}
	case errors.As(err, &silent) && silent.Timeout():
		return ending{code: wire.ClosePolicy, reason: "silent"}
	}
	return ending{reason: err.Error()}
}

// write sends what the loop puts into the outbox, and pings, until the session
// ends. When the client takes nothing any more it closes the connection, which
// ends the reader.
func (s *session) write() {
	heartbeat := time.NewTicker(s.heartbeat)
	defer heartbeat.Stop()
	var buffer []byte
	var p parcel
	for {
		select {
		case <-heartbeat.C:
			if s.control(websocket.PingMessage, nil) != nil {
				return
			}
			continue
		case <-s.out.wake:
		}
		p = s.out.take(p)
		if p.pong != nil && s.control(websocket.PongMessage, []byte(*p.pong)) != nil {
			return
		}
		for _, m := range p.replies {
			if lagged, is := m.(*wire.Lagged); is {
				s.out.resume(lagged.ID)
			}
			var err error
			if buffer, err = s.send(buffer[:0], m); err != nil {
				s.giveUp(err)
				return
			}
			switch m.(type) {
			case *wire.InfoPage, *wire.Chain:
				s.pageDone()
			}
		}
		s.out.sent()
		if p.end != nil {
			if p.end.code != 0 {
				_ = s.control(websocket.CloseMessage, websocket.FormatCloseMessage(p.end.code, p.end.reason))
				s.net.hurry() // the reader hears the client's answer soon, or not at all
			}
			return
		}
	}
}

func (s *session) send(buffer []byte, m wire.Reply) ([]byte, error) {
	buffer, err := wire.Append(buffer, m)
	if err != nil {
		return buffer, err
	}
	err = s.conn.WriteMessage(websocket.TextMessage, buffer)
	if cap(buffer) > keepBuffer {
		buffer = nil
	}
	return buffer, err
}

func (s *session) control(kind int, data []byte) error {
	err := s.conn.WriteControl(kind, data, time.Now().Add(writeStall))
	if err != nil {
		s.giveUp(err)
	}
	return err
}

// giveUp ends a connection that takes nothing any more; the reader notices.
func (s *session) giveUp(err error) {
	var late net.Error
	s.stalled.Store(errors.As(err, &late) && late.Timeout()) // else the other side has ended it
	s.out.finish(ending{reason: "the client takes no more: " + err.Error()})
	_ = s.net.Close()
}

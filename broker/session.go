package broker

import (
	"errors"
	"io"
	"net"
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
	conn *websocket.Conn
	net  *progressConn // under conn
	peer wire.Peer

	heartbeat time.Duration
	timeout   time.Duration
	limits    wire.Limits
	logger    zerolog.Logger

	inbox *inbox
	out   *outbox

	name   string // the loop's
	last   int64  // the loop's: the greatest n that was used up, or -1
	leaves bool   // the loop's: its end was handled
}

func newSession(conn *websocket.Conn, net *progressConn, peer wire.Peer, c Config, in *inbox) *session {
	return &session{
		conn: conn, net: net, peer: peer,
		heartbeat: c.Heartbeat, timeout: c.Timeout, limits: c.Limits, logger: c.Logger,
		inbox: in, out: newOutbox(),
		last: -1,
	}
}

// run is the session's life: it reads until the connection ends, tells the
// loop, and lets the writer finish.
func (s *session) run() {
	s.prepare()
	written := make(chan struct{})
	go func() {
		defer close(written)
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
	<-written
	if end.code != 0 {
		s.net.linger()
	}
	_ = s.net.Close()
}

// prepare makes everything that arrives prove that the client is alive.
func (s *session) prepare() {
	s.conn.SetReadLimit(int64(s.limits.MessageBytes))
	s.conn.SetPongHandler(func(string) error { return s.alive() })
	s.conn.SetPingHandler(func(data string) error {
		s.out.answer(data)
		return s.alive()
	})
}

func (s *session) alive() error {
	return s.conn.SetReadDeadline(time.Now().Add(s.timeout))
}

// read hands every frame to the loop until the connection ends, and says how
// it is to end.
func (s *session) read() ending {
	malformed := 0
	for {
		if err := s.alive(); err != nil {
			return ending{reason: err.Error()}
		}
		kind, frame, err := s.conn.ReadMessage()
		if err != nil {
			return endingOf(err)
		}
		if kind == websocket.BinaryMessage {
			return ending{wire.CloseBinary, "binary frame"}
		}
		it, wellFormed := s.decode(frame)
		if !s.inbox.put(it) {
			return ending{wire.CloseRestart, "the broker has stopped"}
		}
		malformed++
		if wellFormed {
			malformed = 0
		}
		if malformed > maxMalformed {
			return ending{wire.ClosePolicy, "malformed frames"}
		}
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
	return item{session: s, request: request}, true
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
		return ending{reason: "closed by the client"}
	case errors.Is(err, websocket.ErrReadLimit):
		return ending{wire.CloseTooBig, "frame too long"}
	case errors.As(err, &silent) && silent.Timeout():
		return ending{wire.ClosePolicy, "silent"}
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
			var err error
			if buffer, err = s.send(buffer[:0], m); err != nil {
				s.logger.Info().Err(err).Str("remote", s.peer.Remote).Msg("client takes no more")
				_ = s.net.Close()
				return
			}
		}
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
		_ = s.net.Close()
	}
	return err
}

package broker

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// An ending says how a connection ended, or must end.
type ending struct {
	code   int    // of the close frame to send; 0: none
	reason string // in that frame, and in the log
	by     transport.EndedBy
}

// endingOf says what the end of reading means. No close frame is sent where the
// client has sent one, the library has, or nobody would read it.
func (s *session) endingOf(err error) ending {
	s.deaf = true
	if errors.Is(err, errTooLong) {
		s.deaf = false
		return ending{code: wire.CloseTooBig, reason: "frame too long"}
	}
	said, tcp := transport.CloseFrame(err), s.net.Ended()
	end := ending{by: s.whoEnded(said)}
	switch {
	case said != nil:
		end.reason = "closed by the client"
	case tcp == io.EOF, tcp == nil && errors.Is(s.net.ReadError(), io.EOF): //nolint:errorlint // only that of TCP itself
		end.reason = "ended without a close frame"
	case tcp != nil:
		end.reason = tcp.Error()
	case s.net.IsSilent():
		end.code, end.reason = wire.ClosePolicy, "silent"
	default:
		end.reason = err.Error()
	}
	return end
}

// answerClose answers a close frame in kind. Writes must end soon, or a writer that is stuck
// would keep the reader from telling the loop.
func (s *session) answerClose(code int, _ string) error {
	s.reading.leave()
	s.net.Hurry()
	_ = s.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, "")) // the session ends in any case
	return nil
}

// whoEnded is the function of that name, for the close frame that the client has sent, if one came.
func (s *session) whoEnded(said *websocket.CloseError) transport.EndedBy {
	return s.net.EndedBy(int(s.closeCode.Load()), said)
}

// part lets the writer finish, after the loop was told of end. As long as the locks are kept,
// it goes on listening for the client's answer to the close frame, and for the FIN or RST of
// its kernel: most clients answer, and close the connection soon.
func (s *session) part(over context.Context, end ending) {
	if s.net.Ended() != nil {
		_ = s.net.Close()
	} else {
		s.net.Hurry() // the writer may still have something to send
	}
	<-s.written
	if end.by.FreesLocks(s.config.LockDelay) {
		return
	}
	var answer *websocket.CloseError
	if s.net.Ended() == nil {
		var until time.Time
		if !s.config.LockDelay {
			until = s.net.LastHeard().Add(s.config.Timeout)
		}
		s.net.Linger(over, until, func() (done bool) {
			answer = s.hearAnswer()
			return s.whoEnded(answer).FreesLocks(s.config.LockDelay)
		})
	}
	if by := s.whoEnded(answer); by != end.by && by.FreesLocks(s.config.LockDelay) {
		end.by = by
		s.inbox.put(item{session: s, kind: itemEnded, ended: &end})
	}
}

// hearAnswer reads on, and drops what comes, until the client has answered the broker's close
// frame, or the connection has ended. It returns the client's close frame, if one came. A
// library that has failed would only say again what was looked at before.
func (s *session) hearAnswer() *websocket.CloseError {
	if s.deaf || s.closeCode.Load() == 0 {
		return nil
	}
	defer s.reading.leave()
	for {
		if _, _, err := s.conn.NextReader(); err != nil {
			return transport.CloseFrame(err)
		}
		s.reading.frame()
	}
}

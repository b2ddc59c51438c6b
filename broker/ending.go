package broker

import (
	"context"
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An ending says how a connection ended, or must end.
type ending struct {
	code   int    // of the close frame to send; 0: none
	reason string // in that frame, and in the log
	by     endedBy
}

// An endedBy says who has ended a connection, as far as the broker can know.
//
// The locks of a session may go to others at once only when its client has given them
// up. So the zero value, which stands for every cause that nobody has thought of, is
// the one that keeps them.
type endedBy int

// Who has ended a connection. The table of PROTOCOL.md, "The end of a session", has a
// row for each.
const (
	byUnknown endedBy = iota // the network, the broker itself, or anything else: the client may not know
	byGoodbye                // the client has said that it has given up everything
	byAnswer                 // the client has read the broker's close frame
	byFIN                    // the kernel of the client has closed the connection
	byRST                    // the kernel of the client has no such connection
)

// whoEnded decides who has ended a connection. Asked is the code of the broker's close frame,
// or 0 if there was none. Said is the close frame of the client, if one came, and tcp how TCP
// ended, as tcpEnd recorded it, if it has ended.
//
// From a client that wants only messages to be signs of its life, byMessage, only a goodbye
// counts: its library, or its browser, may answer the broker's close frame, and then close the
// connection, while the program still holds its locks.
//
// Only these count. A client's library sends other close frames by itself, while the
// application still holds its locks. Such a frame may cross the broker's; the code, which an
// answer echoes, tells them apart. EPIPE says only that the connection had ended before. A
// connection that the broker ends itself has no end in TCP yet.
func whoEnded(asked int, byMessage bool, said *websocket.CloseError, tcp error) endedBy {
	switch {
	case said != nil && said.Code == wire.CloseNormal && said.Text == wire.Goodbye:
		return byGoodbye
	case byMessage && asked != 0:
		return byUnknown
	case said != nil && said.Code == asked:
		return byAnswer
	case tcp == io.EOF: //nolint:errorlint // wrapped, it would be something that a layer above says
		return byFIN
	case isReset(tcp):
		return byRST
	}
	return byUnknown
}

// isReset reports whether the system says that a RST was received.
func isReset(err error) bool {
	const windows = syscall.Errno(10054) // WSAECONNRESET; syscall.ECONNRESET is an invention there
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, windows)
}

// frees reports whether the locks go to others at once. With lock delay only the client's
// own word counts: something in the middle may have sent the rest.
func (e endedBy) frees(lockDelay bool) bool {
	return e == byGoodbye || !lockDelay && (e == byAnswer || e == byFIN || e == byRST)
}

// closeFrame returns the close frame of the client that ended reading with err, if one
// did. The library makes one up when the connection ends without.
func closeFrame(err error) *websocket.CloseError {
	var said *websocket.CloseError
	if !errors.As(err, &said) || said.Code == websocket.CloseAbnormalClosure {
		return nil
	}
	return said
}

// endingOf says what the end of reading means. No close frame is sent where the
// client has sent one, the library has, or nobody would read it.
func (s *session) endingOf(err error) ending {
	s.deaf = true
	if errors.Is(err, errTooLong) {
		s.deaf = false
		return ending{code: wire.CloseTooBig, reason: "frame too long"}
	}
	said, tcp := closeFrame(err), s.net.tcp.cause()
	end := ending{by: s.whoEnded(said)}
	switch {
	case said != nil:
		end.reason = "closed by the client"
	case tcp == io.EOF, tcp == nil && errors.Is(s.net.readErr, io.EOF): //nolint:errorlint // as above
		end.reason = "ended without a close frame"
	case tcp != nil:
		end.reason = tcp.Error()
	case s.net.isSilent():
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
	s.net.hurry()
	_ = s.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, "")) // the session ends in any case
	return nil
}

// whoEnded is the function of that name, for the close frame that the client has sent, if one came.
func (s *session) whoEnded(said *websocket.CloseError) endedBy {
	return whoEnded(int(s.closeCode.Load()), s.net.byMessage, said, s.net.tcp.cause())
}

// part lets the writer finish, after the loop was told of end. As long as the locks are kept,
// it goes on listening for the client's answer to the close frame, and for the FIN or RST of
// its kernel: most clients answer, and close the connection soon.
func (s *session) part(over context.Context, end ending) {
	if s.net.tcp.cause() != nil {
		_ = s.net.Close()
	} else {
		s.net.hurry() // the writer may still have something to send
	}
	<-s.written
	if end.by.frees(s.config.LockDelay) {
		return
	}
	var answer *websocket.CloseError
	if s.net.tcp.cause() == nil {
		var until time.Time
		if !s.config.LockDelay {
			until = s.net.heard().Add(s.config.Timeout)
		}
		s.net.linger(over, until, func() (done bool) {
			answer = s.hearAnswer()
			return s.whoEnded(answer).frees(s.config.LockDelay)
		})
	}
	if by := s.whoEnded(answer); by != end.by && by.frees(s.config.LockDelay) {
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
			return closeFrame(err)
		}
		s.reading.frame()
	}
}

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
	byFIN                    // the kernel of the client has closed the connection
	byRST                    // the kernel of the client has no such connection
)

// whoEnded decides who has ended a connection. Said is the close frame of the client, if
// one came, and tcp how TCP ended, as tcpEnd recorded it, if it has ended.
//
// Only these count. A client's library sends other close frames by itself, and answers
// those of the broker, while the application still holds its locks. EPIPE says only that
// the connection had ended before. A connection that the broker ends itself has no end in
// TCP yet.
func whoEnded(said *websocket.CloseError, tcp error) endedBy {
	switch {
	case said != nil && said.Code == wire.CloseNormal && said.Text == wire.Goodbye:
		return byGoodbye
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
	return e == byGoodbye || !lockDelay && (e == byFIN || e == byRST)
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
	said, tcp := closeFrame(err), s.net.tcp.cause()
	end := ending{by: whoEnded(said, tcp)}
	switch {
	case said != nil:
		end.reason = "closed by the client"
	case end.by == byFIN, tcp == nil && errors.Is(s.net.readErr, io.EOF):
		end.reason = "ended without a close frame"
	case tcp != nil:
		end.reason = tcp.Error()
	case errors.Is(err, websocket.ErrReadLimit):
		end.code, end.reason = wire.CloseTooBig, "frame too long"
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

// part lets the writer finish, after the loop was told of end. Where nobody who knows has
// said that the client has ended, it goes on listening for the FIN or RST of its kernel, as
// long as the locks are kept: most clients close the connection soon after a close frame.
func (s *session) part(over context.Context, end ending) {
	if s.net.tcp.cause() != nil {
		_ = s.net.Close()
	} else {
		s.net.hurry() // the writer may still have something to send
	}
	<-s.written
	if end.by == byGoodbye {
		return
	}
	if s.net.tcp.cause() == nil {
		var until time.Time
		if !s.config.LockDelay {
			until = s.net.heard().Add(s.config.Timeout)
		}
		s.net.linger(over, until)
	}
	if by := whoEnded(nil, s.net.tcp.cause()); by != end.by && by.frees(s.config.LockDelay) {
		end.by = by
		s.inbox.put(item{session: s, kind: itemEnded, ended: &end})
	}
}

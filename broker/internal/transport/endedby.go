package transport

import (
	"errors"
	"io"
	"syscall"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An EndedBy says who ended a connection, as far as the broker can know. The table in PROTOCOL.md,
// "The end of a session", lists what the broker must have seen.
//
// The locks of a session may go to others at once only if its client has given them up. So the zero
// value, which keeps the locks, covers every cause that nobody has thought of.
type EndedBy int

// Who ended a connection.
const (
	ByUnknown EndedBy = iota // the network, the broker, or anything else: the client may not know
	ByGoodbye                // the client said that it has given up all its locks
	ByAnswer                 // the client answered the broker's close frame
	ByFIN                    // the client's kernel closed the connection
	ByRST                    // the client's kernel reset the connection
)

// FreesLocks reports whether the locks go to others at once. With lock delay, only a goodbye frees
// them, because a proxy or firewall may have sent anything else.
func (e EndedBy) FreesLocks(lockDelay bool) bool {
	return e == ByGoodbye || !lockDelay && (e == ByAnswer || e == ByFIN || e == ByRST)
}

// A Sighting is what the broker has seen of a connection's end.
type Sighting struct {
	Asked        int                   // the code of the broker's close frame; 0: it sent none
	Said         *websocket.CloseError // the client's close frame; nil: none came
	MessagesOnly bool                  // as in Options
	TCP          error                 // how TCP ended, as returned by Conn.Ended
}

// EndedBy infers who ended the connection. With MessagesOnly, only a goodbye counts once the broker
// has sent a close frame: the client's library or browser may answer that frame and close the
// connection while the program still treats its locks as held.
//
// Other close frames from the client do not count: its library may send them by itself while the
// program still treats its locks as held. Such a frame may cross the broker's on the way. An answer
// is recognized by its code, which is the broker's. EPIPE does not count either: it only says that
// the connection had ended earlier. But Conn.Ended reports a FIN if EPIPE shows that there was one.
func (s Sighting) EndedBy() EndedBy {
	switch {
	case s.Said != nil && s.Said.Code == wire.CloseNormal && s.Said.Text == wire.Goodbye:
		return ByGoodbye
	case s.MessagesOnly && s.Asked != 0:
		return ByUnknown
	case s.Said != nil && s.Said.Code == s.Asked:
		return ByAnswer
	case s.TCP == io.EOF: //nolint:errorlint // a wrapped EOF comes from a layer above TCP
		return ByFIN
	case isReset(s.TCP):
		return ByRST
	}
	return ByUnknown
}

// EndedBy infers who ended the connection. asked is the code of the broker's close frame, or 0.
// said is the client's close frame, or nil.
func (c *progressConn) EndedBy(asked int, said *websocket.CloseError) EndedBy {
	return Sighting{Asked: asked, Said: said, MessagesOnly: c.options.MessagesOnly, TCP: c.Ended()}.EndedBy()
}

// isReset reports whether err is the system's error for a received RST.
func isReset(err error) bool {
	const windows = syscall.Errno(10054) // WSAECONNRESET; on Windows, syscall.ECONNRESET is an invented number
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, windows)
}

// CloseFrame returns the client's close frame if err, which ended reading, reports one, or else
// nil. When a connection ends without a close frame, the library makes one up; that one does not
// count.
func CloseFrame(err error) *websocket.CloseError {
	var said *websocket.CloseError
	if !errors.As(err, &said) || said.Code == websocket.CloseAbnormalClosure {
		return nil
	}
	return said
}

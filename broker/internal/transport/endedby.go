package transport

import (
	"errors"
	"io"
	"syscall"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An EndedBy says who ended a connection, as far as the broker can know. The table of PROTOCOL.md,
// "The end of a session", has a row for each value.
//
// The locks of a session may go to others at once only if its client has given them up. So the zero
// value stands for every cause that nobody has thought of, and keeps them.
type EndedBy int

// Who ended a connection.
const (
	ByUnknown EndedBy = iota // the network, the broker, or anything else: the client may not know
	ByGoodbye                // the client has said that it has given up everything
	ByAnswer                 // the client has read the broker's close frame
	ByFIN                    // the kernel of the client has closed the connection
	ByRST                    // the kernel of the client has no such connection
)

// FreesLocks reports whether the locks go to others at once. With lock delay only a goodbye does
// that: a proxy or firewall may have sent everything else.
func (e EndedBy) FreesLocks(lockDelay bool) bool {
	return e == ByGoodbye || !lockDelay && (e == ByAnswer || e == ByFIN || e == ByRST)
}

// A Sighting is what the broker has seen of the end of a connection.
type Sighting struct {
	Asked        int                   // the code of the broker's close frame; 0: it sent none
	Said         *websocket.CloseError // the client's close frame; nil: none came
	MessagesOnly bool                  // as in Options
	TCP          error                 // how TCP ended, as Conn.Ended returns it
}

// EndedBy concludes who ended the connection. With MessagesOnly nothing counts after a close frame
// of the broker but a goodbye: the client's library or browser may answer that frame and close the
// connection while the program still holds its locks.
//
// A client's library sends other close frames by itself, while the program still holds its locks,
// so they do not count. Such a frame may cross the broker's; an answer echoes the code, which tells
// the two apart. EPIPE says only that the connection had ended before.
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

// EndedBy concludes who ended the connection. asked is the code of the broker's close frame, or 0,
// and said the client's close frame, or nil.
func (c *progressConn) EndedBy(asked int, said *websocket.CloseError) EndedBy {
	return Sighting{Asked: asked, Said: said, MessagesOnly: c.options.MessagesOnly, TCP: c.Ended()}.EndedBy()
}

// isReset reports whether the system says that a RST was received.
func isReset(err error) bool {
	const windows = syscall.Errno(10054) // WSAECONNRESET; syscall.ECONNRESET is invented there
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, windows)
}

// CloseFrame returns the client's close frame if that ended reading with err, else nil. The library
// makes one up when the connection ends without; that one does not count.
func CloseFrame(err error) *websocket.CloseError {
	var said *websocket.CloseError
	if !errors.As(err, &said) || said.Code == websocket.CloseAbnormalClosure {
		return nil
	}
	return said
}

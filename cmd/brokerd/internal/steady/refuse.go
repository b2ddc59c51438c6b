package steady

import (
	"net"
	"time"

	"github.com/rs/zerolog"
)

const (
	// acceptWait is how long accepting may take once the spare descriptor is free. The connection is already in
	// the queue of the system, unless its client has given up or another listener of the process has taken the
	// descriptor.
	acceptWait = 20 * time.Millisecond
	// requestWait is how long a client that is refused has to send its request. Bytes that arrive after the close
	// make the system send a reset, and then the client may lose the answer. It is short, because the others wait
	// meanwhile.
	requestWait = 5 * time.Millisecond
	// requestBytes is how much of a request is read.
	requestBytes = 16 << 10
)

// tryAgain is the answer to a client that is refused.
const tryAgain = "HTTP/1.1 503 Service Unavailable\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n" +
	"Content-Length: 63\r\n" +
	"Connection: close\r\n" +
	"Retry-After: 5\r\n\r\n" +
	"the broker has no free file descriptor left: try again in 5 s\r\n"

// refuseOne refuses one client with the spare descriptor. It returns false if that fails.
func (l *Listener) refuseOne() bool {
	if l.spare.take() != nil || !l.spare.free() {
		return false
	}
	defer func() { _ = l.spare.take() }()
	conn, err := l.acceptSoon()
	if err != nil {
		return false
	}
	l.refuse(conn)
	return true
}

// acceptSoon accepts a connection that is already in the queue.
func (l *Listener) acceptSoon() (net.Conn, error) {
	if timed, ok := l.Listener.(interface{ SetDeadline(time.Time) error }); ok {
		if err := timed.SetDeadline(time.Now().Add(acceptWait)); err != nil {
			return nil, err
		}
		defer func() { _ = timed.SetDeadline(time.Time{}) }()
	}
	return l.Listener.Accept()
}

// refuse tells a client to try again, if it can, and closes the connection.
func (l *Listener) refuse(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	refused := l.refused.Add(1)
	l.full.Warn("no free file descriptor: refused a client", func(e *zerolog.Event) {
		e.Str("remote", conn.RemoteAddr().String()).Int64("refused", refused)
	})
	if l.answer == nil {
		return
	}
	_ = conn.SetDeadline(time.Now().Add(requestWait))
	_, _ = conn.Read(make([]byte, requestBytes))
	_ = conn.SetDeadline(time.Now().Add(requestWait))
	_, _ = conn.Write(l.answer)
}

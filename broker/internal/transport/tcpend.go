package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// A tcpEnd records how a TCP connection ended. It works below the WebSocket library, which drops
// the errors of the system, and below TLS, whose end anybody on the way can cause.
//
// The system reports an error once, to the next read or write. All others then get EOF, as after a
// FIN, or EPIPE. So the first error counts, and EOF means a FIN only if no error was reported.
type tcpEnd struct {
	raw     net.Conn // the TCP connection itself
	layered bool     // there is a layer above raw, such as TLS

	mu      sync.Mutex
	sending int   // writes under way
	eof     bool  // a read returned EOF
	err     error // io.EOF for a FIN, or the error of the system; nil: it has not ended
}

func newTCPEnd(conn net.Conn) *tcpEnd {
	e := &tcpEnd{raw: conn}
	for {
		above, is := e.raw.(interface{ NetConn() net.Conn }) // such as a *tls.Conn
		if !is {
			return e
		}
		e.raw, e.layered = above.NetConn(), true
	}
}

// Ended returns how TCP ended: io.EOF for a FIN, or the error of the system. It returns nil as long
// as TCP has not ended, and if nobody could tell how.
func (c *progressConn) Ended() error { return c.tcp.cause() }

func (e *tcpEnd) cause() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// note records the end of TCP. Only the first one counts.
func (e *tcpEnd) note(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

// noteError records err if it comes from the system.
func (e *tcpEnd) noteError(err error) {
	if _, system := errors.AsType[syscall.Errno](err); system && !errors.Is(err, os.ErrDeadlineExceeded) {
		e.note(err)
	}
}

// noteRead records how a read ended. If the system cannot say whether EOF is a FIN, EOF must wait
// for the writes under way: one of them may have got an error and not recorded it yet.
func (e *tcpEnd) noteRead(err error) {
	if err != io.EOF || e.layered { //nolint:errorlint // only that of TCP itself
		e.noteError(err)
		return
	}
	received, known := e.receivedFIN()
	switch {
	case received:
		e.note(io.EOF)
	case !known:
		e.mu.Lock()
		defer e.mu.Unlock()
		e.eof = true
		e.settle()
	}
}

// beginWrite is called before a write, and endWrite after it.
func (e *tcpEnd) beginWrite() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sending++
}

func (e *tcpEnd) endWrite(err error) {
	if err != nil {
		e.noteError(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sending--
	e.settle()
}

// settle counts EOF as a FIN once no write can have got an error. The caller holds e.mu.
func (e *tcpEnd) settle() {
	if e.err == nil && e.eof && e.sending == 0 {
		e.err = io.EOF
	}
}

// receivedFIN asks the system whether a FIN was received. The system also knows of errors that only
// the layer above has seen, in a write of its own.
func (e *tcpEnd) receivedFIN() (received, known bool) {
	conn, is := e.raw.(syscall.Conn)
	if !is {
		return false, false
	}
	system, err := conn.SyscallConn()
	if err != nil {
		return false, false
	}
	return receivedFIN(system)
}

// listen waits for the end of TCP, until raw's deadline for reading. Call it after halfClose, with
// its result, when nobody else reads or writes.
func (e *tcpEnd) listen(isAlive bool) {
	_, err := io.Copy(io.Discard, e.raw)
	if err == nil {
		if received, _ := e.receivedFIN(); received || isAlive {
			e.note(io.EOF)
		}
	}
	e.noteError(err)
}

// halfClose tells the client that nothing more comes: some clients wait for that before they close
// their side. It reports false if TCP had already ended, with an error that the layer above may
// have got. A FIN that has arrived does not end TCP in this sense.
func (e *tcpEnd) halfClose() bool {
	half, can := e.raw.(interface{ CloseWrite() error })
	return !can || half.CloseWrite() == nil
}

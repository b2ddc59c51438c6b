package broker

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// A tcpEnd records how a TCP connection ended. It must be noted below the WebSocket, which
// drops the error of the system, and below TLS, whose own end anybody in the middle of the
// way can cause.
//
// The system tells an error once, to whoever reads or writes next; everybody else then gets
// EOF, as after a FIN, or EPIPE. So the first error counts, and EOF is a FIN only when no
// error was told.
type tcpEnd struct {
	raw     net.Conn // the TCP connection itself
	layered bool     // there is another layer above raw

	mu      sync.Mutex
	sending int   // writes under way
	eof     bool  // a read has told EOF
	err     error // io.EOF for a FIN, or what the system said; nil: it has not ended
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

// cause returns how TCP ended, or nil if it has not.
func (e *tcpEnd) cause() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// note records the end of TCP.
func (e *tcpEnd) note(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

// noteError records err if the system has said it.
func (e *tcpEnd) noteError(err error) {
	if _, system := errors.AsType[syscall.Errno](err); system && !errors.Is(err, os.ErrDeadlineExceeded) {
		e.note(err)
	}
}

// read notes how a read has ended. Where the system does not say whether EOF is a FIN, a write
// under way may have been told an error and not noted it yet.
func (e *tcpEnd) read(err error) {
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

// writing is called before a write, and wrote after it.
func (e *tcpEnd) writing() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sending++
}

func (e *tcpEnd) wrote(err error) {
	if err != nil {
		e.noteError(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sending--
	e.settle()
}

// settle takes EOF for a FIN when no write can have been told anything else. The caller
// holds e.mu.
func (e *tcpEnd) settle() {
	if e.err == nil && e.eof && e.sending == 0 {
		e.err = io.EOF
	}
}

// receivedFIN asks the system whether a FIN was received. It also knows of errors that only
// the layer above was told, in a write of its own.
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

// listen waits for the end of TCP, as long as raw's deadline for reading allows, after
// halfClose, which has said whether it was alive. Nobody else reads or writes any more.
func (e *tcpEnd) listen(isAlive bool) {
	_, err := io.Copy(io.Discard, e.raw)
	if err == nil {
		if received, _ := e.receivedFIN(); received || isAlive {
			e.note(io.EOF)
		}
	}
	e.noteError(err)
}

// halfClose tells the other side that nothing more comes: some clients wait for that
// before they close theirs. It reports false when TCP has ended before, with an error that
// may have been told to the layer above. (A FIN that has come leaves it open.)
func (e *tcpEnd) halfClose() bool {
	half, can := e.raw.(interface{ CloseWrite() error })
	return !can || half.CloseWrite() == nil
}

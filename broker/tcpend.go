package broker

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// A tcpEnd records how a TCP connection ended. It must be noted below the WebSocket, which
// drops the error of the system, and below TLS, whose own end anybody in the middle of the
// way can cause.
type tcpEnd struct {
	raw     net.Conn     // the TCP connection itself
	layered bool         // there is another layer above raw
	sending atomic.Int32 // writes under way

	mu  sync.Mutex
	err error // io.EOF for a FIN, or what the system said; nil: it has not ended
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

// note records err if it is an end of TCP. The first one counts: the system tells an error
// once, to whoever reads or writes next, and everybody else then gets EOF or EPIPE.
func (e *tcpEnd) note(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

// wrote notes the error of a write.
func (e *tcpEnd) wrote(err error) {
	if _, system := errors.AsType[syscall.Errno](err); system && !errors.Is(err, os.ErrDeadlineExceeded) {
		e.note(err)
	}
}

// read notes the error of a read.
func (e *tcpEnd) read(err error) {
	if err == io.EOF && !e.layered { //nolint:errorlint // only that of TCP itself
		if e.sending.Load() == 0 && e.hasFIN() {
			e.note(io.EOF)
		}
		return
	}
	e.wrote(err)
}

// hasFIN reports whether EOF means that a FIN was received. It also follows an error that
// something else has been told: a write, which has recorded it, or the layer above in a
// write of its own, which only the system knows.
func (e *tcpEnd) hasFIN() bool {
	conn, is := e.raw.(syscall.Conn)
	if !is {
		return true
	}
	system, err := conn.SyscallConn()
	return err == nil && receivedFIN(system)
}

// listen waits for the end of TCP, as long as raw's deadline for reading allows. Nobody
// else reads or writes any more.
func (e *tcpEnd) listen() {
	isAlive := e.halfClose()
	_, err := io.Copy(io.Discard, e.raw)
	if err == nil && isAlive {
		e.note(io.EOF)
	}
	e.wrote(err)
}

// halfClose tells the other side that nothing more comes: some clients wait for that
// before they close theirs. It reports false when TCP has ended before, with an error that
// may have been told to the layer above. (A FIN that has come leaves it open.)
func (e *tcpEnd) halfClose() bool {
	half, can := e.raw.(interface{ CloseWrite() error })
	return !can || half.CloseWrite() == nil
}

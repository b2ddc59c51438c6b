package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// A tcpEnd records how a TCP connection ended. It works below the WebSocket library, which drops
// system errors, and below TLS, which anybody on the network path can cause to fail.
//
// The system reports an error once, to the next read or write. After that, reads get EOF, as after
// a FIN, and writes get EPIPE. So the first error counts, and EOF means a FIN only if no error was
// reported.
type tcpEnd struct {
	raw     net.Conn // the TCP connection itself
	layered bool     // there is a layer above raw, such as TLS

	reading atomic.Bool // a read is in progress, or its error is not recorded yet

	mu      sync.Mutex
	sending int   // writes in progress
	halved  bool  // halfClose was called
	eof     bool  // a read returned EOF, which may mean a FIN
	broken  bool  // a write to a closed connection got EPIPE, which may mean a FIN and then a RST
	err     error // io.EOF for a FIN, or the system's error; nil: not ended, or nobody can tell
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

// Ended returns how TCP ended: io.EOF for a FIN, or the system's error. It returns nil if TCP has
// not ended, or if nobody can tell how it ended.
func (c *progressConn) Ended() error { return c.tcp.cause() }

func (e *tcpEnd) cause() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// note records how TCP ended. Only the first call counts.
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

// beginRead must be called before a read. After it, call endRead or noteRead.
func (e *tcpEnd) beginRead() { e.reading.Store(true) }

// endRead must be called after a read that has returned bytes.
func (e *tcpEnd) endRead() { e.reading.Store(false) }

// noteRead records how a read failed.
func (e *tcpEnd) noteRead(err error) {
	e.noteReadError(err)
	e.reading.Store(false)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settle()
}

// noteReadError records why a read failed. If the system cannot say whether EOF means a FIN, that is
// decided only after the writes in progress: one of them may have got an error that it has not
// recorded yet.
func (e *tcpEnd) noteReadError(err error) {
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
	}
}

// beginWrite must be called before a write, and endWrite after it.
func (e *tcpEnd) beginWrite() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sending++
}

func (e *tcpEnd) endWrite(err error) {
	broken := errors.Is(err, syscall.EPIPE) && e.isClosed()
	if err != nil && !broken {
		e.noteError(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sending--
	e.broken = e.broken || broken
	e.settle()
}

// isClosed reports whether the system has closed the connection, so that EPIPE does not come from
// halfClose. It returns false if there is a layer above TCP: that layer may have got an error that
// it has not reported.
func (e *tcpEnd) isClosed() bool {
	e.mu.Lock()
	unsure := e.layered || e.halved
	e.mu.Unlock()
	if unsure {
		return false
	}
	received, known := e.receivedFIN()
	return known && !received
}

// settle records that EOF or EPIPE meant a FIN, once no other read or write can have got an error.
//
// EPIPE means this: the client had closed its side, and its kernel answered further bytes with RST.
// Linux then reports EPIPE once (see wasResetAfterFIN), here to a write. A write also gets EPIPE
// after another error, but that error was reported to another read or write. The caller holds e.mu.
func (e *tcpEnd) settle() {
	if e.err != nil || e.sending > 0 {
		return
	}
	if e.eof || e.broken && !e.reading.Load() {
		e.err = io.EOF
	}
}

// receivedFIN asks the system whether a FIN was received. The system also knows about errors that
// only the layer above has seen, in its own writes.
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

// listen waits for the end of TCP, until raw's read deadline. Call it after halfClose, with the
// result of that, and only when nobody else reads or writes.
func (e *tcpEnd) listen(isAlive bool) {
	_, err := io.Copy(io.Discard, e.raw)
	if err == nil {
		if received, _ := e.receivedFIN(); received || isAlive {
			e.note(io.EOF)
		}
	}
	e.noteError(err)
}

// halfClose tells the client that nothing more will come: some clients wait for that before they
// close their side. It reports false if TCP had already ended with an error, which the layer above
// may have seen. A FIN that has arrived does not end TCP in this sense.
func (e *tcpEnd) halfClose() bool {
	e.mu.Lock()
	e.halved = true
	e.mu.Unlock()
	half, can := e.raw.(interface{ CloseWrite() error })
	return !can || half.CloseWrite() == nil
}

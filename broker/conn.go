package broker

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// writeStall is how long a write may make no progress.
	writeStall = 10 * time.Second
	// writeChunk is how much must be written for that to count as progress.
	writeChunk = 32 << 10
	// closeWait is how long the end of a connection may take: to send what is
	// left, and again to hear the other side's end.
	closeWait = time.Second
)

// A progressConn is a connection whose reads and writes fail when they make no
// progress, however much there is to read or write, and that can be told to come
// to an end.
type progressConn struct {
	net.Conn
	silence time.Duration // how long a read may last; 0: for ever

	made time.Time
	last atomic.Int64 // nanoseconds after made when a byte was received last

	mu       sync.Mutex
	deadline time.Time // none is later than this, unless it is zero
}

// Read waits for bytes, not for messages: a long message on a slow line is a
// sign of life as well.
func (c *progressConn) Read(p []byte) (int, error) {
	if c.silence > 0 {
		if err := c.setDeadline(c.Conn.SetReadDeadline, time.Now().Add(c.silence)); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.last.Store(int64(time.Since(c.made)))
	}
	return n, err
}

// heard is when the last byte was received.
func (c *progressConn) heard() time.Time { return c.made.Add(time.Duration(c.last.Load())) }

// Write writes p chunk by chunk, each with a deadline of its own.
func (c *progressConn) Write(p []byte) (written int, err error) {
	for len(p) > 0 && err == nil {
		if err := c.setDeadline(c.Conn.SetWriteDeadline, time.Now().Add(writeStall)); err != nil {
			return written, err
		}
		var n int
		n, err = c.Conn.Write(p[:min(len(p), writeChunk)])
		written += n
		p = p[n:]
	}
	return written, err
}

// SetWriteDeadline does nothing: Write sets its own.
func (c *progressConn) SetWriteDeadline(time.Time) error { return nil }

func (c *progressConn) setDeadline(set func(time.Time) error, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.deadline.IsZero() && c.deadline.Before(t) {
		t = c.deadline
	}
	return set(t)
}

// hurry makes every read and write from now on, those under way included, end
// within closeWait.
func (c *progressConn) hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(closeWait)
		_ = c.SetDeadline(c.deadline)
	}
}

// linger waits until the other side has ended the connection too. Closing with
// unread bytes would make the system reset the connection, and the peer might
// never see the close frame that says why.
func (c *progressConn) linger() {
	_ = c.Conn.SetReadDeadline(time.Now().Add(closeWait))
	_, _ = io.Copy(io.Discard, c.Conn)
}

// A hijacker hands out the connection under an HTTP request as a progressConn.
type hijacker struct {
	http.ResponseWriter
	conn *progressConn
}

// Hijack is for the upgrader.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = &progressConn{Conn: conn, made: time.Now()}
	return h.conn, buffered, nil
}

package broker

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
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
//
// To set a deadline costs about as much as all else that the broker does for a frame.
// So one that is too early stays, and is moved only when it fires.
type progressConn struct {
	net.Conn
	silence time.Duration // how long a read may last; 0: for ever
	// Only messages are signs of life: the reader of frames calls live. Something else may
	// answer pings for a program that hangs.
	byMessage bool

	// Called before a read, or a write, which may last; nil: nothing is.
	beforeRead, beforeWrite func()

	made time.Time
	last atomic.Int64 // nanoseconds after made when the last sign of life was received

	reads  bool      // the reader's: there is a deadline for reading
	back   time.Time // the reader's: when it came back from something that took long
	writes time.Time // the writer's: when the deadline for writing was set

	mu       sync.Mutex
	deadline time.Time // none is later than this, unless it is zero

	tcp     *tcpEnd
	readErr error // the reader's: the error that has ended reading
}

func newProgressConn(conn net.Conn) *progressConn {
	return &progressConn{Conn: conn, made: time.Now(), tcp: newTCPEnd(conn)}
}

// Read waits for bytes, not for messages: a long message on a slow line is a
// sign of life as well.
func (c *progressConn) Read(p []byte) (int, error) {
	if c.beforeRead != nil {
		c.beforeRead()
	}
	if c.silence > 0 && !c.reads {
		c.reads, c.back = true, time.Now()
		_ = c.setDeadline(c.Conn.SetReadDeadline, c.back.Add(c.silence))
	}
	for {
		n, err := c.Conn.Read(p)
		if n > 0 && !c.byMessage {
			c.live()
		}
		if n > 0 && err == nil {
			return n, nil
		}
		begin := c.heard()
		if begin.Before(c.back) {
			begin = c.back
		}
		if n > 0 || !c.goesOn(err, begin, c.silence, c.Conn.SetReadDeadline) {
			c.readErr = err
			c.tcp.read(err)
			return n, err
		}
	}
}

// resume is called by the reader after it has waited for something else. What has arrived
// meanwhile was not read, so that was no silence.
func (c *progressConn) resume() { c.back = time.Now() }

// live notes a sign of life.
func (c *progressConn) live() { c.last.Store(int64(time.Since(c.made))) }

// heard is when the last sign of life was received: a byte, or, byMessage, one of a message.
func (c *progressConn) heard() time.Time { return c.made.Add(time.Duration(c.last.Load())) }

// Write writes p chunk by chunk, each with a time of its own.
func (c *progressConn) Write(p []byte) (written int, err error) {
	c.tcp.writing()
	for len(p) > 0 && err == nil {
		var n int
		n, err = c.writeChunk(p[:min(len(p), writeChunk)])
		written += n
		p = p[n:]
	}
	c.tcp.wrote(err)
	return written, err
}

func (c *progressConn) writeChunk(p []byte) (written int, err error) {
	if c.beforeWrite != nil {
		c.beforeWrite()
	}
	begin := time.Now()
	// One that fires in the middle would be the end of a connection with TLS, so this
	// is never much too early.
	if begin.Sub(c.writes) > writeStall/8 {
		c.writes = begin
		_ = c.setDeadline(c.Conn.SetWriteDeadline, begin.Add(writeStall))
	}
	for {
		n, err := c.Conn.Write(p[written:])
		written += n
		if !c.goesOn(err, begin, writeStall, c.Conn.SetWriteDeadline) {
			return written, err
		}
	}
}

// goesOn reports whether err only says that a deadline was too early for something that
// has begun at begin and may last so long. Then it has moved the deadline.
func (c *progressConn) goesOn(err error, begin time.Time, most time.Duration, set func(time.Time) error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) >= most || c.isDue() {
		return false
	}
	return c.setDeadline(set, begin.Add(most)) == nil
}

// isDue reports whether the end that hurry has set has come.
func (c *progressConn) isDue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.deadline.IsZero() && !time.Now().Before(c.deadline)
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

// isSilent reports whether reading has ended because no sign of life has arrived for too long.
// ETIMEDOUT of the system says something else, although it is a timeout as well.
func (c *progressConn) isSilent() bool { return errors.Is(c.readErr, os.ErrDeadlineExceeded) }

// linger waits until the other side has ended the connection too, until that time, and
// closeWait at least: closing with unread bytes would make the system reset the connection,
// and the peer might never see the close frame that says why. When over ends it waits for
// closeWait at most. Before it looks at nothing but the end of TCP it calls hear, which may
// read, and reports whether there is nothing more to wait for.
func (c *progressConn) linger(over context.Context, until time.Time, hear func() (done bool)) {
	least := func() time.Time { return time.Now().Add(closeWait) }
	if soon := least(); until.Before(soon) {
		until = soon
	}
	_ = c.tcp.raw.SetReadDeadline(until)
	defer context.AfterFunc(over, func() {
		if soon := least(); soon.Before(until) {
			_ = c.tcp.raw.SetReadDeadline(soon)
		}
	})()
	isAlive := c.tcp.halfClose()
	if !hear() {
		c.tcp.listen(isAlive)
	}
}

// A hijacker hands out the connection under an HTTP request as a batchConn, on top of
// a progressConn.
type hijacker struct {
	http.ResponseWriter
	conn *batchConn
}

// Hijack is for the upgrader.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = &batchConn{progressConn: newProgressConn(conn)}
	return h.conn, buffered, nil
}

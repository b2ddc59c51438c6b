package transport

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// WriteStall is how long a write may go without progress.
	WriteStall = 10 * time.Second
	// writeChunk is how many bytes must be written within WriteStall to count as progress.
	writeChunk = 32 << 10
)

// A progressConn is a connection whose reads and writes fail if they make no progress for some
// time. As long as they make progress, they may take any time. A progressConn can also be told to
// end soon.
//
// Setting a deadline costs about as much as everything else that the broker does for a frame. So an
// outdated deadline stays in place, and is moved only when it fires.
type progressConn struct {
	net.Conn
	options Options

	made time.Time
	last atomic.Int64 // nanoseconds from made to the last sign of life

	// The reader's.
	reads   bool      // a read deadline is set
	resumed time.Time // silence counts from here at the earliest; see ResumeReading
	readErr error     // the error that ended reading

	writes time.Time // the writer's: when the write deadline was last set

	mu       sync.Mutex
	deadline time.Time // set by Hurry; unless it is zero, no other deadline may be later

	tcp *tcpEnd
}

func newProgressConn(conn net.Conn) *progressConn {
	return &progressConn{Conn: conn, made: time.Now(), tcp: newTCPEnd(conn)}
}

// Read waits for bytes, not for whole messages: part of a long message on a slow line is also a
// sign of life.
func (c *progressConn) Read(p []byte) (int, error) {
	if c.options.BeforeRead != nil {
		c.options.BeforeRead()
	}
	silence := c.options.Silence
	if silence > 0 && !c.reads {
		c.reads, c.resumed = true, time.Now()
		_ = c.setDeadline(c.Conn.SetReadDeadline, c.resumed.Add(silence))
	}
	for {
		c.tcp.beginRead()
		n, err := c.Conn.Read(p)
		if err == nil {
			c.tcp.endRead()
		}
		if n > 0 && !c.options.MessagesOnly {
			c.SignOfLife()
		}
		c.options.Traffic.receive(n)
		if n > 0 && err == nil {
			return n, nil
		}
		silentSince := c.LastHeard()
		if silentSince.Before(c.resumed) {
			silentSince = c.resumed
		}
		if n > 0 || !c.extend(err, silentSince, silence, c.Conn.SetReadDeadline) {
			c.readErr = err
			c.tcp.noteRead(err)
			return n, err
		}
	}
}

// ResumeReading tells c that the reader has waited for something else. Nothing was read meanwhile,
// so that time does not count as silence of the client. Only the reader may call it.
func (c *progressConn) ResumeReading() { c.resumed = time.Now() }

// SignOfLife records that the client was heard just now.
func (c *progressConn) SignOfLife() { c.last.Store(int64(time.Since(c.made))) }

// LastHeard returns the time of the last sign of life: a byte or, with MessagesOnly, part of a
// message.
func (c *progressConn) LastHeard() time.Time { return c.made.Add(time.Duration(c.last.Load())) }

// MessagesOnly reports whether only messages are signs of life.
func (c *progressConn) MessagesOnly() bool { return c.options.MessagesOnly }

// Write writes p in chunks. Each chunk may take WriteStall.
func (c *progressConn) Write(p []byte) (written int, err error) {
	c.tcp.beginWrite()
	for len(p) > 0 && err == nil {
		var n int
		n, err = c.writeChunk(p[:min(len(p), writeChunk)])
		written += n
		p = p[n:]
	}
	c.tcp.endWrite(err)
	c.options.Traffic.send(written)
	return written, err
}

func (c *progressConn) writeChunk(p []byte) (written int, err error) {
	if c.options.BeforeWrite != nil {
		c.options.BeforeWrite()
	}
	begin := time.Now()
	// A deadline that fires in the middle of a write ends a TLS connection. So the write
	// deadline is refreshed often enough never to fire much too early.
	if begin.Sub(c.writes) > WriteStall/8 {
		c.writes = begin
		_ = c.setDeadline(c.Conn.SetWriteDeadline, begin.Add(WriteStall))
	}
	for {
		n, err := c.Conn.Write(p[written:])
		written += n
		if !c.extend(err, begin, WriteStall, c.Conn.SetWriteDeadline) {
			return written, err
		}
	}
}

// extend moves a deadline that fired too early: the read or write started at begin and may take
// most. It reports false if err is any other error, or if the time really is over.
func (c *progressConn) extend(
	err error, begin time.Time, most time.Duration, set func(time.Time) error,
) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) >= most || c.MustEnd() {
		return false
	}
	return c.setDeadline(set, begin.Add(most)) == nil
}

// SetWriteDeadline does nothing: Write sets its own deadlines.
func (c *progressConn) SetWriteDeadline(time.Time) error { return nil }

func (c *progressConn) setDeadline(set func(time.Time) error, t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.deadline.IsZero() && c.deadline.Before(t) {
		t = c.deadline
	}
	return set(t)
}

// IsSilent reports whether reading ended because there was no sign of life for too long. The system
// error ETIMEDOUT does not count: it is a timeout too, but another one.
func (c *progressConn) IsSilent() bool { return errors.Is(c.readErr, os.ErrDeadlineExceeded) }

// ReadError returns the error that ended reading. Only the reader may call it.
func (c *progressConn) ReadError() error { return c.readErr }

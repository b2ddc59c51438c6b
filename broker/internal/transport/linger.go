package transport

import (
	"context"
	"time"
)

// CloseWait is how long reads and writes may still take after Hurry. It is also the least time for
// which Linger is prepared to wait.
const CloseWait = time.Second

// Hurry makes every read and write end within CloseWait, including those in progress.
func (c *progressConn) Hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(CloseWait)
		_ = c.SetDeadline(c.deadline)
	}
}

// MustEnd reports whether the deadline that Hurry set has passed.
func (c *progressConn) MustEnd() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.deadline.IsZero() && !time.Now().Before(c.deadline)
}

// Linger waits until the client has ended its side. It gives up at the given time, or after
// CloseWait if that is later. Once over has ended, it waits at most CloseWait longer. Without
// Linger, closing a socket with unread bytes would make the system reset the connection, and the
// client might never see the close frame that says why.
//
// Linger first calls hear, which may read frames and reports whether there is nothing more to wait
// for. If there is, Linger then waits only for the end of TCP.
func (c *progressConn) Linger(over context.Context, until time.Time, hear func() (done bool)) {
	soonest := func() time.Time { return time.Now().Add(CloseWait) }
	if soon := soonest(); until.Before(soon) {
		until = soon
	}
	_ = c.tcp.raw.SetReadDeadline(until)
	defer context.AfterFunc(over, func() {
		if soon := soonest(); soon.Before(until) {
			_ = c.tcp.raw.SetReadDeadline(soon)
		}
	})()
	isAlive := c.tcp.halfClose()
	if !hear() {
		c.tcp.listen(isAlive)
	}
}

package transport

import (
	"context"
	"time"
)

// CloseWait is how long the end of a connection may take: once to send what is left, and once more
// to hear how the client ends.
const CloseWait = time.Second

// Hurry makes every read and write end within CloseWait, including those under way.
func (c *progressConn) Hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(CloseWait)
		_ = c.SetDeadline(c.deadline)
	}
}

// mustEnd reports whether the deadline that Hurry set has passed.
func (c *progressConn) mustEnd() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.deadline.IsZero() && !time.Now().Before(c.deadline)
}

// Linger waits until the client has ended its side, until the given time, and at least for
// CloseWait. A socket closed with unread bytes makes the system reset the connection, and the
// client might never see the close frame that says why. When over ends, Linger waits for CloseWait
// at most.
//
// Linger first calls hear, which may read, and which reports whether there is nothing more to wait
// for. After that it waits only for the end of TCP.
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

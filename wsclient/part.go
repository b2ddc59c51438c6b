package wsclient

import (
	"fmt"
	"time"
)

// A connection that ends for the client need not have ended for the broker. As soon
// as that notices it gives the locks to others, while who held them may only just
// have been told to stop. So where it is the client that gives up, it does not hang
// up: it falls silent, and leaves the rest to the broker's own timeout.

// fail ends the connection because of err, which the network or the broker has told:
// the other side knows.
func (c *conn) fail(err error) { c.stop(err, func(instant) { c.cut() }) }

// abandon ends the connection because of err, of which the other side knows nothing.
func (c *conn) abandon(err error) { c.stop(err, c.part) }

func (c *conn) stop(err error, end func(at instant)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := now()
	if c.err == nil && !c.checkLease(at) { // one that was frozen may hear of both
		c.leave(LostConnection, fmt.Errorf("%w: %w", ErrConnection, err), func() { end(at) })
	}
}

// leave finishes c, and then ends it. Nobody counts as having left before both are
// done: see checkLeft. The caller holds c.mu.
func (c *conn) leave(reason LostReason, err error, end func()) {
	c.client.open++
	c.finish(reason, err)
	end()
	c.client.open--
	c.client.checkLeft()
}

// cut ends every read and write at once. It closes the link and not the WebSocket,
// which, under TLS, would first try to write.
func (c *conn) cut() { _ = c.link.Close() }

// part ends every read and write, and hangs up when the broker will have ended the
// session, or at once if nobody has held anything. The caller holds c.mu.
func (c *conn) part(at instant) {
	// By the clock that is never set: where the other was set forward, the broker has
	// noticed nothing; where the machine was suspended, it has given up by itself.
	left := c.lease.timeout - at.mono.Sub(c.lease.heard.mono)
	if left <= 0 || !c.hasLost {
		c.cut()
		return
	}
	c.parting = time.AfterFunc(left, c.hangUp)
	c.client.parting[c] = struct{}{}
	_ = c.link.SetDeadline(time.Unix(1, 0))
}

// hangUp ends what part has left open.
func (c *conn) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parting != nil {
		c.parting.Stop()
		c.parting = nil
		delete(c.client.parting, c)
		c.client.checkLeft()
	}
	c.cut()
}

// close ends a connection of which nobody needs anything any more.
func (c *conn) close() {
	c.mu.Lock()
	isOpen := c.parting != nil // which part says when it ends c, or never
	c.mu.Unlock()
	if !isOpen {
		_ = c.ws.Close() // under TLS this writes, so nobody must wait for it
	}
}

package wsclient

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"
)

// A connection that has ended for the client may not have ended for the broker. As soon as the broker notices the
// end, it gives the locks to others, but their holders may only just have been told to stop. So if the client itself
// gives a connection up, it keeps the link open and falls silent. The core says until when.

// fail ends the connection because of err, which came from the network or the broker: the other side knows of the
// end.
func (c *conn) fail(err error) {
	if c.disconnected(err) {
		c.closeLink()
	}
}

// disconnected tells the core that the connection has ended because of err. It reports whether the caller may close
// the link. It may not if the connection had ended before, or if it is silent because its lease is over: the other
// side may not know of that end.
func (c *conn) disconnected(err error) bool {
	c.client.mu.Lock()
	defer c.client.unlock()
	if c.err != nil {
		return false
	}
	code, closed := 0, new(websocket.CloseError)
	if errors.As(err, &closed) {
		code = closed.Code
	}
	c.client.core.Disconnected(err, code, c.client.clock.now())
	c.client.carryOut()
	return !c.isSilent
}

// abandon ends the connection because of err. The other side does not know that it has ended.
func (c *conn) abandon(err error) {
	c.client.mu.Lock()
	defer c.client.unlock()
	if c.err == nil {
		c.client.core.Abandon(err, c.client.clock.now())
	}
}

// closeLink ends every read and write at once. It closes the link and not the WebSocket,
// which, under TLS, would first try to write.
func (c *conn) closeLink() { _ = c.link.Close() }

// fallSilent ends every read and write, and leaves the link open. The caller holds the client's mu.
func (c *conn) fallSilent() {
	c.isSilent = true
	_ = c.link.SetDeadline(time.Unix(1, 0))
}

// close closes a connection that has ended. If it is silent, the core says later when to close it.
func (c *conn) close() {
	c.client.mu.Lock()
	isSilent := c.isSilent
	c.client.mu.Unlock()
	if !isSilent {
		_ = c.ws.Close() // under TLS this may block in a write, so mu must not be held
	}
}

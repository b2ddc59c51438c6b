package wsclient

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// closed answers a close frame of the broker, as the library would, but never during a write. Before it answers, all
// locks count as lost, because the broker may give them to others as soon as it reads the answer.
func (c *conn) closed(code int, text string) error {
	isFree := c.tryWriting()
	c.client.mu.Lock()
	c.isAnswering = true // before the end wakes the writer, which would otherwise close the connection
	c.client.mu.Unlock()
	c.disconnected(&websocket.CloseError{Code: code, Text: text})
	if !isFree {
		late := time.NewTimer(closeWait)
		defer late.Stop()
		select {
		case c.writing <- struct{}{}:
		case <-late.C:
			return nil
		}
	}
	defer func() { <-c.writing }()
	c.client.mu.Lock()
	isSilent := c.isSilent // the lease has ended first
	c.client.mu.Unlock()
	if !isSilent {
		message := websocket.FormatCloseMessage(code, "")
		_ = c.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(closeWait))
	}
	return nil
}

// tryWriting begins a write if there is no other. It reports whether it did.
func (c *conn) tryWriting() bool {
	select {
	case c.writing <- struct{}{}:
		return true
	default:
		return false
	}
}

// closeAtEnd closes a connection that has ended, unless the reader does. If the client was closed, it first says
// goodbye, which tells the broker that the client holds nothing. The reader then closes the connection when the
// broker has answered, or after closeWait.
func (c *conn) closeAtEnd() {
	c.writing <- struct{}{} // an answer to a close frame of the broker may be on its way
	defer func() { <-c.writing }()
	if errors.Is(c.err, ErrClosed) {
		deadline := time.Now().Add(closeWait)
		message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, wire.Goodbye)
		if c.ws.WriteControl(websocket.CloseMessage, message, deadline) == nil {
			_ = c.ws.SetReadDeadline(deadline)
			return
		}
	}
	c.client.mu.Lock()
	isAnswering := c.isAnswering // if so, the reader closes the connection after the answer
	c.client.mu.Unlock()
	if !isAnswering {
		c.close()
	}
}

package wsclient

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// write sends what is queued, and pings, until the connection has ended. The
// first ping is due a heartbeat after the lease began, however late the hello was.
func (c *conn) write() {
	interval := millis(c.hello.HeartbeatMS)
	heartbeat := time.NewTimer(time.Until(c.link.made.mono.Add(interval)))
	defer heartbeat.Stop()
	for {
		select {
		case <-c.done:
			c.sayGoodbye()
			return
		case <-heartbeat.C:
			heartbeat.Reset(interval)
			c.ping()
		case <-c.wake:
		}
		c.mu.Lock()
		queue := c.queue
		c.queue = nil
		c.mu.Unlock()
		if err := c.writeAll(queue); err != nil {
			c.fail(err)
		}
	}
}

// writeAll sends queue, or as much of it as goes out before the end.
func (c *conn) writeAll(queue []wire.Request) error {
	var frame []byte
	for _, m := range queue {
		if isDone(c.done) {
			return nil
		}
		var err error
		if frame, err = wire.Append(frame[:0], m); err != nil {
			return err
		}
		if err = c.ws.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
			return err
		}
		if err = c.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
			return err
		}
	}
	return nil
}

// sayGoodbye sends a close frame where the other side may still listen; the
// reader ends when that is answered, or soon.
func (c *conn) sayGoodbye() {
	if errors.Is(c.err, ErrClosed) {
		deadline := time.Now().Add(closeWait)
		message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		if c.ws.WriteControl(websocket.CloseMessage, message, deadline) == nil {
			_ = c.ws.SetReadDeadline(deadline)
			return
		}
	}
	_ = c.ws.Close()
}

// ping asks for a sign of life, which prolongs the lease from now.
func (c *conn) ping() {
	sent := now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.checkLease(sent) {
		return
	}
	c.send(&wire.Ping{ID: c.expect(func(wire.Reply) { c.lease.answered(sent) })})
}

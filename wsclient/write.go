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
	due := c.link.made.mono.Add(interval)
	heartbeat := time.NewTimer(time.Until(due))
	defer heartbeat.Stop()
	for {
		select {
		case <-c.done:
			c.sayGoodbye()
			return
		case <-heartbeat.C:
			due = time.Now().Add(interval)
			heartbeat.Reset(interval)
			c.ping()
		case <-c.wake:
		}
		c.mu.Lock()
		queue := c.queue
		c.queue = nil
		c.mu.Unlock()
		for _, m := range queue {
			if m.ping && !c.isDue(&due, interval, m.message) {
				continue
			}
			if isDone(c.done) {
				break
			}
			if err := c.writeOne(m.message); err != nil {
				c.abandon(err)
				break
			}
		}
	}
}

// isDue reports whether a ping that has room in the queue is to be sent: when much
// is queued on a slow line, the heartbeat comes before it has all been sent.
func (c *conn) isDue(due *time.Time, interval time.Duration, ping wire.Request) bool {
	sent := now()
	if sent.mono.Before(*due) {
		return false
	}
	*due = sent.mono.Add(interval)
	id, _ := ping.Opener()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked.set(id.N, func(wire.Reply) { c.lease.answered(sent) })
	return true
}

func (c *conn) writeOne(m wire.Request) error {
	frame, err := wire.Append(c.frame[:0], m)
	if err != nil {
		return err
	}
	if c.frame = frame; cap(frame) > keepFrame {
		c.frame = nil
	}
	if err = c.ws.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.TextMessage, frame)
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
	c.close()
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

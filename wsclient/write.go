package wsclient

import (
	"errors"
	"runtime"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// write sends what is queued, and pings, until the connection has ended. The
// first ping is due a heartbeat after the lease began, however late the hello was.
func (c *conn) write() {
	interval := millis(c.hello.HeartbeatMS)
	due := c.link.made.mono.Add(interval)
	heartbeat := time.AfterFunc(time.Until(due), c.beat)
	defer heartbeat.Stop()
	for {
		<-c.wake // and nothing else: to choose among channels takes three times as long
		if isDone(c.done) {
			c.sayGoodbye()
			return
		}
		if c.beating.Swap(false) {
			due = time.Now().Add(interval)
			heartbeat.Reset(interval)
			c.ping()
		}
		// Whoever sends wakes this goroutine, and the scheduler runs it before others
		// that can run. They come first, so that one system call takes what all of
		// them have to send. A lone caller need not wait for those who have nothing to
		// send here.
		if c.isShared() {
			runtime.Gosched()
		}
		if out := c.take(); out != nil {
			if err := c.writeAll(out, &due, interval); err != nil {
				c.abandon(err)
			}
			out.recycle()
		}
	}
}

// isShared reports whether several requests are open.
func (c *conn) isShared() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests.len() > 1
}

// beat lets the writer send a heartbeat.
func (c *conn) beat() {
	c.beating.Store(true)
	c.signal()
}

// take takes what is queued, if there is anything.
func (c *conn) take() *batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text, given := c.pong.Get(); given {
		c.queued().addPong(text)
		c.pong = wire.Opt[string]{}
	}
	out := c.out
	c.out = nil
	return out
}

// writeAll writes out, and pings in between where a heartbeat is due: when much is
// queued on a slow line, that comes before all has been sent.
func (c *conn) writeAll(out *batch, due *time.Time, interval time.Duration) error {
	for frames, room := range out.pieces {
		if err := c.writeFrames(frames); err != nil {
			return err
		}
		if room == nil {
			continue
		}
		if sent := now(); !sent.mono.Before(*due) {
			*due = sent.mono.Add(interval)
			if err := c.pingFrom(*room, sent); err != nil {
				return err
			}
		}
	}
	return out.err
}

// pingFrom writes the ping that there is room for.
func (c *conn) pingFrom(r room, sent instant) error {
	c.mu.Lock()
	c.asked.set(r.id, func(wire.Reply) { c.lease.answered(sent) })
	c.mu.Unlock()
	ping := newBatch()
	defer ping.recycle()
	ping.add(&wire.Ping{ID: wire.ID{Session: c.hello.Session, N: r.id}})
	return c.writeFrames(ping.frames)
}

// writeFrames writes whole frames, unless the connection has ended.
func (c *conn) writeFrames(frames []byte) error {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	c.mu.Lock()
	if c.err != nil { // its link is to be silent, and has a deadline to that end
		c.mu.Unlock()
		return nil
	}
	err := c.ws.NetConn().SetWriteDeadline(time.Now().Add(writeWait))
	c.mu.Unlock()
	if err == nil {
		_, err = c.ws.NetConn().Write(frames)
	}
	return err
}

// pinged lets the writer answer a ping of the WebSocket. The library would answer
// from the reader, and move the deadline of what is being written.
func (c *conn) pinged(text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pong = wire.Some(text)
	c.signal()
	return nil
}

// closed answers a close of the broker, as the library would, but between two writes, and
// only when all that is held counts as lost: the broker may take the answer for the end.
func (c *conn) closed(code int, text string) error {
	isFree := c.tryTurn() // before the writer, which then has nothing more to do than to close
	c.stop(&websocket.CloseError{Code: code, Text: text}, func(instant) {})
	if !isFree {
		late := time.NewTimer(closeWait)
		defer late.Stop()
		select {
		case c.turn <- struct{}{}:
		case <-late.C:
			return nil
		}
	}
	defer func() { <-c.turn }()
	c.mu.Lock()
	isSilent := c.parting != nil // the lease has ended first
	c.mu.Unlock()
	if !isSilent {
		message := websocket.FormatCloseMessage(code, "")
		_ = c.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(closeWait))
	}
	return nil
}

func (c *conn) tryTurn() bool {
	select {
	case c.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

// sayGoodbye tells the broker, where it may still listen, that nothing is held any more.
// The reader ends when that is answered, or soon.
func (c *conn) sayGoodbye() {
	c.turn <- struct{}{} // an answer to the broker's own close may be on its way
	defer func() { <-c.turn }()
	if errors.Is(c.err, ErrClosed) {
		deadline := time.Now().Add(closeWait)
		message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, wire.Goodbye)
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

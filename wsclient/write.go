package wsclient

import (
	"runtime"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// write sends what is queued, and pings, until the connection has ended.
func (c *conn) write() {
	clock := &c.client.clock
	beat := core.NewHeartbeat(c.hello, c.link.made)
	timer := time.AfterFunc(beat.Due-clock.now().Mono, c.beat)
	defer timer.Stop()
	for {
		<-c.wake // not in a select, which takes three times as long
		if isDone(c.done) {
			c.closeAtEnd()
			return
		}
		if c.beating.Swap(false) {
			at := clock.now()
			beat.Begin(at)
			timer.Reset(beat.Interval)
			c.ping(at)
		}
		// A sender wakes this goroutine, and the scheduler runs it before other goroutines that can run. With
		// several open requests, let those run first, so that one system call takes what all of them send.
		if c.isShared() {
			runtime.Gosched()
		}
		if out := c.dequeue(); out != nil {
			if err := c.writeAll(out, &beat); err != nil {
				c.abandon(err)
			}
			out.recycle()
		}
	}
}

// isShared reports whether several requests are open.
func (c *conn) isShared() bool {
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	return c.client.core.OpenRequests() > 1
}

// beat lets the writer send a heartbeat.
func (c *conn) beat() {
	c.beating.Store(true)
	c.signal()
}

// ping queues a heartbeat, whose answer extends the lease from that time.
func (c *conn) ping(at core.Instant) {
	c.client.mu.Lock()
	defer c.client.unlock()
	if c.err != nil { // the core may have the next connection
		return
	}
	if id, ok := c.client.core.Ping(at); ok {
		c.send(&wire.Ping{ID: id})
	}
}

// dequeue returns what is queued, or nil.
func (c *conn) dequeue() *batch {
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	if text, given := c.pong.Get(); given {
		c.queued().addPong(text)
		c.pong = wire.Opt[string]{}
	}
	out := c.out
	c.out = nil
	return out
}

// writeAll writes a batch. If a heartbeat is due, it inserts a ping: when much is queued on a slow line, the
// heartbeat must not wait until all of it is sent.
func (c *conn) writeAll(out *batch, beat *core.Heartbeat) error {
	for frames, spare := range out.pieces {
		if err := c.writeFrames(frames); err != nil {
			return err
		}
		if spare == nil {
			continue
		}
		if at := c.client.clock.now(); at.Mono >= beat.Due {
			beat.Begin(at)
			if err := c.insertPing(spare.id, at); err != nil {
				return err
			}
		}
	}
	return out.err
}

// insertPing writes a ping with an id that a batch has reserved.
func (c *conn) insertPing(n int64, at core.Instant) error {
	c.client.mu.Lock()
	session := c.session
	if c.err == nil {
		c.client.core.Sent(n, at)
	}
	c.client.unlock()
	ping := newBatch()
	defer ping.recycle()
	ping.add(&wire.Ping{ID: wire.ID{Session: session, N: n}})
	return c.writeFrames(ping.frames)
}

// writeFrames writes whole frames, unless the connection has ended.
func (c *conn) writeFrames(frames []byte) error {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	c.client.mu.Lock()
	if c.err != nil { // a silent link must keep its deadline
		c.client.mu.Unlock()
		return nil
	}
	err := c.ws.NetConn().SetWriteDeadline(time.Now().Add(writeWait))
	c.client.mu.Unlock()
	if err == nil {
		_, err = c.ws.NetConn().Write(frames)
	}
	return err
}

// pinged lets the writer answer a WebSocket ping. The library would answer from the reader, and change the deadline
// of a write that is under way.
func (c *conn) pinged(text string) error {
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	c.pong = wire.Some(text)
	c.signal()
	return nil
}

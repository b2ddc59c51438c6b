package wsclient

import (
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// read receives what the broker sends until the connection has ended.
func (c *conn) read() {
	defer c.close()
	var frame []byte // reused
	for {
		var err error
		if frame, err = c.readFrame(frame[:0]); err != nil {
			c.fail(err)
			return
		}
		if err := c.receive(frame); err != nil {
			c.abandon(err)
			return
		}
		if cap(frame) > keepFrame {
			frame = nil
		}
		// If no other request is open, the caller runs before the next read. That read would find nothing,
		// because the broker waits for what the caller sends.
		if !c.isShared() {
			runtime.Gosched()
		}
	}
}

// readFrame appends the next frame to dst.
func (c *conn) readFrame(dst []byte) ([]byte, error) {
	_, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	for {
		dst = slices.Grow(dst, 1)
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// receive handles one frame. An error must end the connection: a frame that the client does not understand might have
// been about a lock.
func (c *conn) receive(frame []byte) error {
	reply, err := c.decoder.Decode(frame)
	if err != nil {
		return fmt.Errorf("the broker sent a bad frame: %w", err)
	}
	c.client.mu.Lock()
	defer c.client.unlock()
	if c.err != nil {
		return nil // what still arrives no longer matters
	}
	at := c.client.clock.quick()
	c.client.core.Receive(reply, at)
	if c.client.resumes == c && c.client.core.IsConnected() { // the broker has answered the statement
		c.client.begin(c, at)
		c.decoder.Session = c.session
		return nil
	}
	if c.client.core.IsConnected() {
		c.deliver(reply)
	}
	return nil
}

// deliver passes on replies to inquiries and watches. The others are the core's. The caller holds the client's mu.
func (c *conn) deliver(reply wire.Reply) {
	switch m := reply.(type) {
	case *wire.Error:
		c.answer(m.ID, m)
	case *wire.InfoPage:
		c.answer(m.ID, m)
	case *wire.Chain:
		c.answer(m.ID, m)
	case *wire.ClientsPage:
		c.answer(m.ID, m)
	case *wire.Evicted:
		c.answer(m.ID, m)
	case *wire.Authenticated:
		c.answer(m.ID, m)
	case *wire.Permissions:
		c.answer(m.ID, m)
	case *wire.Pong:
		pong := *m // the decoder reuses m
		c.answer(m.ID, &pong)
	case *wire.Watching:
		c.answer(m.ID, m)
	case *wire.Change:
		if w := c.watchOf(m.ID); w != nil {
			w.put(m)
		}
	case *wire.Lagged:
		if w := c.watchOf(m.ID); w != nil {
			w.lag()
		}
	}
}

// answer delivers the answer to an inquiry.
func (c *conn) answer(id wire.ID, answer wire.Reply) {
	if deliver := c.inquiries.Get(id.N); deliver != nil && id.Session == c.session {
		c.inquiries.Delete(id.N)
		deliver(answer)
	}
}

// watchOf returns the watch with that id, or nil if it has ended.
func (c *conn) watchOf(id wire.ID) *watch {
	if id.Session != c.session {
		return nil
	}
	return c.watches.Get(id.N)
}

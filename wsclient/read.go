package wsclient

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// read takes what the broker sends until the connection has ended.
func (c *conn) read() {
	defer c.close()
	var frame []byte // used again
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
		// A lone caller comes before the next look at the network, which finds nothing:
		// that waits for what the caller says.
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

// receive handles one frame. What it does not understand ends the connection:
// it might have been about a lock.
func (c *conn) receive(frame []byte) error {
	reply, err := c.decoder.Decode(frame)
	if err != nil {
		return fmt.Errorf("the broker sent a bad frame: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.glance.look()
	if c.err != nil || c.checkLease(at) {
		return nil // ended; what still arrives is of no use to anyone
	}
	switch m := reply.(type) {
	case *wire.Granted:
		c.heardPause("")
		c.withRequest(m.ID, func(r *request) { r.grant(m.Token, at) })
	case *wire.Released:
		c.withRequest(m.ID, func(r *request) { r.finish(nil) })
	case *wire.Cancelled:
		c.withRequest(m.ID, func(r *request) { r.finish(nil) })
	case *wire.Lost:
		c.withRequest(m.ID, func(r *request) {
			r.finish(&LostError{Reason: LostReason(m.Reason), By: m.By, Message: m.Message})
		})
	case *wire.Error:
		return c.refused(m)
	case *wire.InfoPage:
		c.heardPause(m.NotGranting)
		c.answer(m.ID, m)
	case *wire.Chain:
		c.heardPause(m.NotGranting)
		c.answer(m.ID, m)
	case *wire.Evicted:
		c.answer(m.ID, m)
	case *wire.Pong:
		c.heardPause(m.NotGranting)
		pong := *m // who asked may look at it later
		c.answer(m.ID, &pong)
	case *wire.Watching:
		c.answer(m.ID, m)
	case *wire.Change:
		c.withWatch(m.ID, func(w *watch) { w.put(m) })
	case *wire.Lagged:
		c.withWatch(m.ID, func(w *watch) { w.lag() })
	case *wire.Unwatched:
		// Whoever had watched has left.
	case *wire.Draining:
		// The broker ends what waits and closes the connection itself.
		if !isDone(c.draining) {
			close(c.draining)
			c.client.setState(c, Draining)
		}
	default:
		return fmt.Errorf("the broker sent %s, which nobody asked for", codec.Kind(reply))
	}
	return nil
}

// withRequest calls f with the request of that id, if it is still open.
func (c *conn) withRequest(id wire.ID, f func(*request)) {
	if r := c.requests.get(id.N); r != nil && id.Session == c.hello.Session {
		f(r)
	}
}

// withWatch calls f with the watch of that id, if it has not ended: what crosses
// an unwatch is of no use to anyone.
func (c *conn) withWatch(id wire.ID, f func(*watch)) {
	if w := c.watches.get(id.N); w != nil && id.Session == c.hello.Session {
		f(w)
	}
}

func (c *conn) answer(id wire.ID, reply wire.Reply) {
	if take := c.asked.get(id.N); take != nil && id.Session == c.hello.Session {
		c.asked.remove(id.N)
		take(reply)
	}
}

// refused handles an error of the broker.
func (c *conn) refused(m *wire.Error) error {
	if m.ID.IsZero() {
		return fmt.Errorf("the broker could not read a message: %w", m)
	}
	c.answer(m.ID, m)
	c.withRequest(m.ID, func(r *request) { r.refused(m) })
	return nil
}

// refused ends r, or lets it wait for the next connection. A parent that is not
// found has ended while the request was on its way.
func (r *request) refused(m *wire.Error) {
	switch {
	case asksAgain(m.Code) && r.canMove() && r.state == waiting:
		r.setAside(time.Now())
	case m.Code == wire.NotFound && r.parent != nil && r.parent.cause != nil:
		r.finish(outerLost(r.parent.cause))
	default:
		r.finish(errorFrom(m))
	}
}

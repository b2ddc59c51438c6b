package wsclient

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// maxUndelivered is how many frames wait for a consumer that is slow, and
// maxUndeliveredBytes about how much memory they may take.
const (
	maxUndelivered      = 10_000
	maxUndeliveredBytes = 16 << 20
)

// Watch follows the locks whose names match pattern. Pattern is a glob in which * does not cross a
// slash and ** does. "" matches all names. Watch yields a view of the locks that is never wrong,
// first when it knows all of them, and then after each change.
//
//	for view, err := range client.Watch(ctx, "orders/**") {
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// Changes are yielded one by one and in their order, as long as the consumer keeps up. If the
// broker has left out changes, or if more than 10,000 changes or 16 MiB wait for the consumer, all
// of them are dropped. Then the view is made again from the listing, and yielded with a nil Change.
// A slow consumer delays nobody else.
//
// After a disconnect, nothing is yielded until the client has reconnected. Then the view is made
// again.
//
// An error ends the iteration: the cause of ctx, a refusal, which is an *[Error], or the error of
// the client. Nothing is left behind on the broker, however the iteration ends.
func (c *Client) Watch(ctx context.Context, pattern string) iter.Seq2[*View, error] {
	return func(yield func(*View, error) bool) {
		for {
			conn, err := c.connected(ctx)
			if err == nil {
				err = conn.follow(ctx, pattern, func(v *View) bool { return yield(v, nil) })
			}
			if err == nil {
				return
			}
			if conn == nil || !isDone(conn.done) {
				yield(nil, fmt.Errorf("watch: %w", err))
				return
			}
		}
	}
}

// follow calls yield with each view until that returns false.
func (c *conn) follow(ctx context.Context, pattern string, yield func(*View) bool) error {
	w, err := c.watch(glob(pattern))
	if err != nil {
		return err
	}
	defer w.close()
	for {
		view, err := w.next(ctx)
		if err != nil {
			return err
		}
		if !yield(view) {
			return nil
		}
	}
}

// A watch is a watch on the wire, from its sending to its end. The reader of the
// connection puts frames into its queue and never waits; the consumer, who waits,
// takes them out.
type watch struct {
	conn  *conn
	id    wire.ID
	match wire.Opt[string]

	// The consumer's:
	follower follower
	page     wire.ID // the latest message that asked for a page; first that of the watch

	wake chan struct{} // has a token when there is something in the queue

	// Guarded by the conn's mu:
	queue  []received
	bytes  int  // of what is in queue, about
	lagged bool // frames were dropped; the queue holds only the news of that
}

// A received frame of the broker, and when it came.
type received struct {
	reply wire.Reply
	at    time.Time
}

// watch sends a watch for match.
func (c *conn) watch(match wire.Opt[string]) (*watch, error) {
	m := &wire.Watch{Match: match}
	if err := codec.CheckFrame(m, c.hello.Limits); err != nil {
		return nil, badRequest(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	w := &watch{conn: c, match: match, wake: make(chan struct{}, 1)}
	m.ID = c.expect(w.opened)
	w.id, w.page = m.ID, m.ID
	c.watches.set(w.id.N, w)
	c.send(m)
	return w, nil
}

// opened takes the answer to the watch. The caller holds c.mu.
func (w *watch) opened(reply wire.Reply) {
	if _, refused := reply.(*wire.Error); refused {
		w.conn.watches.remove(w.id.N)
	}
	w.put(reply)
}

// put queues a frame for the consumer. The caller holds c.mu.
func (w *watch) put(reply wire.Reply) {
	if w.lagged {
		return
	}
	w.queue = append(w.queue, received{reply, time.Now()})
	w.bytes += jsonsize.Reply(reply)
	if len(w.queue) > maxUndelivered || w.bytes > maxUndeliveredBytes {
		w.lag()
		return
	}
	w.signal()
}

// lag drops what has come, and what comes until the consumer begins anew: the
// view cannot be kept right by it. The caller holds c.mu.
func (w *watch) lag() {
	w.lagged = true
	w.queue = []received{{reply: &wire.Lagged{ID: w.id}}}
	w.bytes = jsonsize.Reply(w.queue[0].reply)
	w.signal()
}

func (w *watch) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// next waits for the next view to show.
func (w *watch) next(ctx context.Context) (*View, error) {
	for {
		frame, err := w.take(ctx)
		if err != nil {
			return nil, err
		}
		if w.isStale(frame.reply) {
			continue
		}
		if refusal, ok := frame.reply.(*wire.Error); ok {
			return nil, errorFrom(refusal)
		}
		if after, ask := w.follower.take(frame.reply, frame.at); ask {
			w.ask(after)
		}
		if w.follower.whole {
			return w.follower.view, nil
		}
	}
}

// isStale reports whether reply is about a page that was asked for before the
// view was begun anew.
func (w *watch) isStale(reply wire.Reply) bool {
	switch m := reply.(type) {
	case *wire.InfoPage:
		return m.ID != w.page
	case *wire.Error:
		return m.ID != w.page
	}
	return false
}

// take waits for the next frame and takes it from the queue.
func (w *watch) take(ctx context.Context) (received, error) {
	for {
		if ctx.Err() != nil {
			return received{}, context.Cause(ctx)
		}
		if frame, ok := w.pop(); ok {
			return frame, nil
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
		case <-w.conn.done:
			return received{}, w.conn.err
		}
	}
}

func (w *watch) pop() (frame received, ok bool) {
	w.conn.mu.Lock()
	defer w.conn.mu.Unlock()
	if len(w.queue) == 0 {
		return received{}, false
	}
	frame, w.queue[0] = w.queue[0], received{}
	w.queue = w.queue[1:]
	w.bytes -= jsonsize.Reply(frame.reply)
	w.lagged = false // if it was set, that was the news of it
	return frame, true
}

// ask asks for a page of the listing, and for no other any more.
func (w *watch) ask(after int64) {
	c := w.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.asked.remove(w.page.N)
	w.page = c.expect(w.put)
	c.send(&wire.Info{ID: w.page, Match: w.match, After: after, Queue: wire.Some(wire.MaxQueue)})
}

// close ends the watch, here and on the broker.
func (w *watch) close() {
	c := w.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked.remove(w.page.N)
	if c.watches.get(w.id.N) == w {
		c.watches.remove(w.id.N)
		if c.err == nil {
			c.send(&wire.Unwatch{ID: w.id})
		}
	}
}

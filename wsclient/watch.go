package wsclient

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// maxUndelivered is how many frames may wait for a slow consumer, and maxUndeliveredBytes about how much memory they
// may take.
const (
	maxUndelivered      = 10_000
	maxUndeliveredBytes = 16 << 20
)

// Watch follows the locks whose names match pattern, a glob in which * does not match a slash and ** does. ""
// matches all names. Watch yields a view of the locks, first when it knows all of them, and then after each
// change. Every view is exact about who holds and who waits.
//
//	for view, err := range client.Watch(ctx, "orders/**") {
//		if err != nil {
//			return err
//		}
//		...
//	}
//
// As long as the consumer keeps up, Watch yields changes one by one and in order. If the broker has left out
// changes, or if more than 10,000 changes or 16 MiB wait for the consumer, Watch drops them all. Then it
// makes the view again from the listing, and yields it with a nil Change. A slow consumer delays nobody else.
//
// After a disconnect, Watch yields nothing until the client has reconnected. Then it makes the view again.
// Unlike [Client.Info], it waits for the broker until ctx ends, however long that takes.
//
// An error ends the iteration: the cause of ctx, a refusal (an *[Error]), or the error of the client. However
// the iteration ends, it leaves nothing behind on the broker.
func (c *Client) Watch(ctx context.Context, pattern string) iter.Seq2[*View, error] {
	return func(yield func(*View, error) bool) {
		for {
			conn, err := c.connected(ctx)
			if err == nil {
				err = conn.watchViews(ctx, pattern, func(v *View) bool { return yield(v, nil) })
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

// watchViews calls yield with each view until that returns false.
func (c *conn) watchViews(ctx context.Context, pattern string, yield func(*View) bool) error {
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

// A watch is one watch on a connection, from when it is sent until it has ended. The reader of the connection puts
// frames into its queue and never waits. The consumer waits for them.
type watch struct {
	conn  *conn
	id    wire.ID
	match wire.Opt[string]

	// The consumer's:
	maker viewMaker
	page  wire.ID // the latest message that requested a page; at first the watch

	wake chan struct{} // has a token when there is something in the queue

	// Guarded by the client's mu:
	queue  []received
	bytes  int  // about how much memory queue takes
	lagged bool // frames were dropped; the queue has only a message about that
}

// A received is a frame of the broker, and when it arrived.
type received struct {
	reply wire.Reply
	at    time.Time
}

// watch sends a watch for match.
func (c *conn) watch(match wire.Opt[string]) (*watch, error) {
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	w := &watch{conn: c, match: match, wake: make(chan struct{}, 1)}
	id, err := c.sendInquiry(func(id wire.ID) wire.Request { return &wire.Watch{ID: id, Match: match} }, w.opened)
	if err != nil {
		return nil, err
	}
	w.id, w.page = id, id
	c.watches.Set(id.N, w)
	return w, nil
}

// opened receives the answer to the watch. The caller holds the client's mu.
func (w *watch) opened(reply wire.Reply) {
	if _, refused := reply.(*wire.Error); refused {
		w.conn.watches.Delete(w.id.N)
	}
	w.put(reply)
}

// put queues a frame for the consumer. The caller holds the client's mu.
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

// lag drops the queued frames, and those that arrive until the consumer begins again: with a gap, they cannot keep
// the view right. The caller holds the client's mu.
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
		frame, err := w.dequeue(ctx)
		if err != nil {
			return nil, err
		}
		if w.isStale(frame.reply) {
			continue
		}
		if refusal, ok := frame.reply.(*wire.Error); ok {
			return nil, errorFrom(refusal)
		}
		if after, wantsPage := w.maker.receive(frame.reply, frame.at); wantsPage {
			w.requestPage(after)
		}
		if w.maker.whole {
			return w.maker.view, nil
		}
	}
}

// isStale reports whether reply is about a page that was requested before the view began again.
func (w *watch) isStale(reply wire.Reply) bool {
	switch m := reply.(type) {
	case *wire.InfoPage:
		return m.ID != w.page
	case *wire.Error:
		return m.ID != w.page
	}
	return false
}

// dequeue waits for the next frame and removes it from the queue.
func (w *watch) dequeue(ctx context.Context) (received, error) {
	for {
		if ctx.Err() != nil {
			return received{}, contextError(ctx)
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
	w.conn.client.mu.Lock()
	defer w.conn.client.mu.Unlock()
	if len(w.queue) == 0 {
		return received{}, false
	}
	frame, w.queue[0] = w.queue[0], received{}
	w.queue = w.queue[1:]
	w.bytes -= jsonsize.Reply(frame.reply)
	w.lagged = false // if it was set, frame is the message about it
	return frame, true
}

// requestPage requests a page of the listing. Answers to earlier requests no longer count.
func (w *watch) requestPage(after int64) {
	c := w.conn
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	if c.err != nil {
		return
	}
	c.inquiries.Delete(w.page.N)
	w.page = c.client.core.OpenID()
	c.inquiries.Set(w.page.N, w.put)
	c.send(&wire.Info{ID: w.page, Match: w.match, After: after, Queue: wire.Some(wire.MaxQueue)})
}

// close ends the watch, here and on the broker.
func (w *watch) close() {
	c := w.conn
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	c.inquiries.Delete(w.page.N)
	if c.watches.Get(w.id.N) == w {
		c.watches.Delete(w.id.N)
		if c.err == nil {
			c.send(&wire.Unwatch{ID: w.id})
		}
	}
}

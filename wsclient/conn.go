package wsclient

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
)

const (
	// readLimit is the size of the greatest frame that a broker may send: twice
	// what it lets lie for a client that does not read.
	readLimit = 32 << 20
	// writeWait is how long a frame may take to leave.
	writeWait = 10 * time.Second
	// closeWait is how long the broker may take to answer a close.
	closeWait = time.Second
)

// A conn is one connection: a reader, a writer, and the requests that are open
// on it.
type conn struct {
	ws         *websocket.Conn
	link       link // below ws
	hello      *wire.Hello
	goroutines sync.WaitGroup

	wake     chan struct{} // has a token when the queue or the state has changed
	draining chan struct{} // closed when the broker has said that it stops
	done     chan struct{} // closed at the end, after err is set

	mu       sync.Mutex
	err      error
	next     int64                      // the n of the next id
	queue    []wire.Request             // for the writer, ids in rising order
	requests map[int64]*request         // acquires that have not ended
	asked    map[int64]func(wire.Reply) // what to do with the one reply to another message, under mu
	watches  map[int64]*watch           // those that have not ended
	lease    lease
	watchdog *time.Timer // fires at the end of the lease
}

// startConn waits for the hello. The lease begins when the link had been made:
// the request for the WebSocket was sent after that, and the hello answers it.
func startConn(ctx context.Context, ws *websocket.Conn, l link) (*conn, error) {
	ws.SetReadLimit(readLimit)
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	hello, err := readHello(ws)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	given := lease{timeout: millis(hello.TimeoutMS), heard: l.made}
	left := time.Until(given.ends())
	if left <= 0 {
		_ = l.Close()
		return nil, fmt.Errorf("the hello came too late for a session timeout of %v", given.timeout)
	}
	c := &conn{
		ws:       ws,
		link:     l,
		hello:    hello,
		wake:     make(chan struct{}, 1),
		draining: make(chan struct{}),
		done:     make(chan struct{}),
		requests: make(map[int64]*request),
		asked:    make(map[int64]func(wire.Reply)),
		watches:  make(map[int64]*watch),
		lease:    given,
	}
	c.mu.Lock() // the lease may end at once: expire waits until there is a watchdog
	c.watchdog = time.AfterFunc(left, c.expire)
	c.mu.Unlock()
	c.goroutines.Go(c.read)
	c.goroutines.Go(c.write)
	return c, nil
}

func readHello(ws *websocket.Conn) (*wire.Hello, error) {
	_, frame, err := ws.ReadMessage()
	if err != nil {
		return nil, fmt.Errorf("no hello: %w", err)
	}
	reply, err := wire.DecodeReply(frame)
	if err != nil {
		return nil, fmt.Errorf("no hello: %w", err)
	}
	hello, ok := reply.(*wire.Hello)
	if !ok {
		return nil, fmt.Errorf("no hello, but %s", reply.Kind())
	}
	return hello, nil
}

// end ends the connection, once. Held locks count as lost from here on: their
// contexts end before the broker is told anything.
func (c *conn) end(reason LostReason, err error) {
	c.mu.Lock()
	first := c.err == nil
	if first {
		c.finishAll(reason, err)
	}
	c.mu.Unlock()
	if first && reason != LostClosed {
		c.cut() // nobody is left to say goodbye to
	}
}

// finishAll ends every request. The caller holds c.mu.
func (c *conn) finishAll(reason LostReason, err error) {
	c.err = err
	c.watchdog.Stop()
	for _, r := range c.requests {
		if r.state == waiting {
			c.finish(r, err)
		} else {
			c.finish(r, &LostError{Reason: reason, Err: err})
		}
	}
	close(c.done)
}

// cut ends every read and write at once. It closes the link and not the
// WebSocket, which, under TLS, would first try to write.
func (c *conn) cut() { _ = c.link.Close() }

// fail ends the connection because of err.
func (c *conn) fail(err error) {
	c.end(LostConnection, fmt.Errorf("%w: %w", ErrConnection, err))
}

// expire is called when the lease may have ended.
func (c *conn) expire() {
	c.mu.Lock()
	left := time.Until(c.lease.ends())
	if left > 0 && c.err == nil {
		c.watchdog.Reset(left)
	}
	c.mu.Unlock()
	if left <= 0 {
		c.end(LostLease, fmt.Errorf("%w: the broker has not answered for %v", ErrConnection, c.lease.timeout*2/3))
	}
}

// send queues m. The caller holds c.mu.
func (c *conn) send(m wire.Request) {
	c.queue = append(c.queue, m)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

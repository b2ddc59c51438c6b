package wsclient

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

const (
	// readLimit is the size of the greatest frame that a broker may send: twice
	// what it lets lie for a client that does not read.
	readLimit = 32 << 20
	// writeWait is how long a frame may take to leave.
	writeWait = 10 * time.Second
	// keepFrame is the size up to which the reader keeps its buffer.
	keepFrame = 4 << 10
	// closeWait is how long the broker may take to answer a close.
	closeWait = time.Second
)

// A conn is one connection: a reader, a writer, and the requests that are open
// on it.
type conn struct {
	client     *Client
	ws         *websocket.Conn
	link       link // below ws
	hello      *wire.Hello
	goroutines sync.WaitGroup

	decoder codec.ReplyDecoder // the reader's

	turn     chan struct{} // has a token while somebody writes
	wake     chan struct{} // has a token when the writer has something to do
	beating  atomic.Bool   // a heartbeat is due
	draining chan struct{} // closed when the broker has said that it stops
	turned   chan struct{} // has a token when the supervisor has not seen the latest pause
	done     chan struct{} // closed at the end, after err is set

	mu       *sync.Mutex // the client's; it guards all below
	err      error
	next     int64                  // the n of the next id
	out      *batch                 // for the writer, ids in rising order; nil: nothing
	pong     wire.Opt[string]       // the answer to the latest ping of the WebSocket that has none
	requests book[*request]         // acquires that have not ended
	asked    book[func(wire.Reply)] // what to do with the one reply to another message, under mu
	watches  book[*watch]           // those that have not ended
	lease    lease
	glance   glance
	pause    wire.Pause   // why the broker grants nothing, or ""
	goodbye  wire.Release // of the request that is just being released
	watchdog *time.Timer  // fires at the end of the lease
	hasLost  bool         // somebody held a lock at the end
	parting  *time.Timer  // not nil: the link stays open until it fires; see part
}

// startConn waits for the hello, as long as the link is open. The lease begins when the link had been made:
// the request for the WebSocket was sent after that, and the hello answers it.
func startConn(client *Client, ws *websocket.Conn, l link) (*conn, error) {
	ws.SetReadLimit(readLimit)
	hello, err := readHello(ws)
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	given := lease{
		timeout:   millis(hello.TimeoutMS),
		heartbeat: millis(hello.HeartbeatMS),
		stop:      client.options.StopTime,
		heard:     l.made,
	}
	left := given.left(now())
	if left <= 0 {
		_ = l.Close()
		return nil, fmt.Errorf("the hello came too late for a session timeout of %v", given.timeout)
	}
	c := &conn{
		client:   client,
		mu:       &client.mu,
		ws:       ws,
		link:     l,
		hello:    hello,
		decoder:  codec.ReplyDecoder{Session: hello.Session},
		turn:     make(chan struct{}, 1),
		wake:     make(chan struct{}, 1),
		draining: make(chan struct{}),
		turned:   make(chan struct{}, 1),
		done:     make(chan struct{}),
		lease:    given,
	}
	ws.SetPingHandler(c.pinged)
	ws.SetCloseHandler(c.closed)
	c.mu.Lock() // the lease may end at once: expire waits until there is a watchdog
	c.heardPause(hello.NotGranting)
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
	reply, err := codec.DecodeReply(frame)
	if err != nil {
		return nil, fmt.Errorf("no hello: %w", err)
	}
	hello, ok := reply.(*wire.Hello)
	if !ok {
		return nil, fmt.Errorf("no hello, but %s", codec.Kind(reply))
	}
	if hello.Protocol != wire.Version {
		return nil, fmt.Errorf("the broker speaks version %d of the protocol, and this client version %d", hello.Protocol, wire.Version)
	}
	return hello, nil
}

// finish ends what is open on c, once. What is held counts as lost from here on,
// before the broker is told anything, the latest first, which is the innermost.
// What waits, waits for the next connection, if it can. The caller holds c.mu.
func (c *conn) finish(reason LostReason, err error) {
	if c.err != nil {
		return
	}
	c.err = err
	c.watchdog.Stop()
	c.client.detach(c, err)
	for _, n := range slices.Backward(c.requests.numbers()) {
		switch r := c.requests.get(n); {
		case r.state == holding && !r.claimed && r.canMove() && c.client.err == nil:
			r.ungrant()
		case r.state != waiting:
			c.hasLost = true
			r.finish(c.lost(reason, err))
		}
	}
	at := time.Now()
	for r := range c.requests.inOrder() {
		around := r.lock.outer.around(c.client)
		switch {
		case c.client.err == nil && r.canMove():
			r.setAside(at)
		case around != nil && around.cause != nil:
			r.finish(outerLost(around.cause))
		default:
			r.finish(err)
		}
	}
	close(c.done)
	c.signal()
}

// lost is the error of a lock that is lost with its connection. The caller holds
// c.mu.
func (c *conn) lost(reason LostReason, err error) *LostError {
	lost := &LostError{Reason: reason, Err: err}
	if reason != LostClosed { // which tells the broker
		lost.lease = c.lease
	}
	return lost
}

// withdraw ends what waits with err, but for what is made inside a lock that is
// held. The caller holds c.mu.
func (c *conn) withdraw(err error) {
	for r := range c.requests.inOrder() {
		around := r.lock.outer.around(c.client)
		if r.state == waiting && (around == nil || around.cause != nil) {
			r.finish(err)
			c.send(&wire.Cancel{ID: r.what.ID}) // whatever crosses it finds nobody
		}
	}
}

// expire is called when the lease may have ended.
func (c *conn) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := now()
	if c.err == nil && !c.checkLease(at) {
		c.watchdog.Reset(c.lease.left(at))
	}
}

// checkLease ends the connection if the lease has ended, and reports that. The
// caller holds c.mu.
func (c *conn) checkLease(at instant) (over bool) {
	if c.lease.left(at) > 0 {
		return false
	}
	if c.err == nil {
		err := fmt.Errorf("%w: the broker has not answered for %v", ErrConnection, c.lease.patience())
		c.leave(LostLease, err, func() { c.part(at) })
	}
	return true
}

// send queues m. The caller holds c.mu.
func (c *conn) send(m wire.Request) {
	if c.queued().add(m) {
		c.out.leaveRoom(c.next)
		c.next++
	}
	c.signal()
}

// queued is the batch that the writer takes next. The caller holds c.mu.
func (c *conn) queued() *batch {
	if c.out == nil {
		c.out = newBatch()
	}
	return c.out
}

// signal wakes the writer.
func (c *conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

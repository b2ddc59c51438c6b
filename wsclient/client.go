package wsclient

import (
	"context"
	"maps"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Client is a program's way to a broker, over one connection at a time. It is
// safe for concurrent use.
type Client struct {
	options Options
	target  *url.URL

	life       context.Context // ends with the client; what the supervisor does ends with it
	end        context.CancelFunc
	supervisor sync.WaitGroup

	done chan struct{} // closed at the end for good, after err is set

	hello atomic.Pointer[wire.Hello] // the latest

	mu      sync.Mutex
	err     error // why the client has ended
	state   State
	conn    *conn          // the connection, or nil while there is none
	offline error          // why there is none
	online  chan struct{}  // closed while there is one
	orders  int64          // requests so far
	pending book[*request] // those that wait for a connection, by order
	open    int            // requests that have not ended
	leaving chan struct{}  // not nil once Drain was called; closed when nobody is left

	parting map[*conn]struct{} // those whose links are still open; see part.go
}

func newClient(target *url.URL, o Options) *Client {
	c := &Client{
		options: o,
		target:  target,
		done:    make(chan struct{}),
		online:  make(chan struct{}),
		parting: make(map[*conn]struct{}),
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

// Session is the name that the broker gave the connection, "" while there is none.
// The ids of its requests begin with it. The next connection has another.
func (c *Client) Session() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return ""
	}
	return c.conn.hello.Session
}

// Done is closed when the client has ended for good: by Close or Drain, because a
// broker has refused it or closed the connection for a reason that no later attempt
// would change, or, with NoReconnect, with its connection.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err is nil until Done is closed; then it says why: ErrClosed, or an error
// that is ErrConnection.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the client. The contexts of held locks end first, the innermost
// before those around it; then calls that wait fail with ErrClosed; then the
// connection ends in order, on which the broker releases all. Close returns once no
// goroutine of the client is left, after two seconds at most, or when OnState or
// NetDial has returned. Connections that it had given up are hung up as well. Closing again does nothing. The error is always nil; Close is an io.Closer.
func (c *Client) Close() error {
	c.mu.Lock()
	conn, parting := c.conn, maps.Clone(c.parting)
	c.finish(ErrClosed)
	c.mu.Unlock()
	for conn := range parting {
		conn.hangUp() // who calls Close holds nothing any more
	}
	if conn != nil {
		// Only then: the broker is to get a close frame, if it still reads.
		late := time.AfterFunc(2*closeWait, conn.cut)
		defer late.Stop()
	}
	c.supervisor.Wait()
	return nil
}

// finish ends the client for good, once. The caller holds c.mu.
func (c *Client) finish(err error) {
	if c.err != nil {
		return
	}
	c.err, c.state = err, Closed
	if c.conn != nil {
		c.conn.finish(LostClosed, err)
	}
	for r := range c.pending.inOrder() {
		r.finish(err)
	}
	c.end()
	close(c.done)
}

// Drain waits until nobody holds a lock any more, or may be a stale holder, and then
// closes the client. Calls
// for locks that wait, or that come, fail with ErrClosed, but for those made inside
// a lock that is held: its holder may need them to finish. When ctx ends first the
// client is closed nevertheless, and the error is the cause of ctx.
//
// Called by somebody who holds a lock, Drain waits for the caller, until ctx ends.
func (c *Client) Drain(ctx context.Context) error {
	idle := c.leave()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		if !isDone(idle) {
			err = context.Cause(ctx)
		}
	}
	_ = c.Close()
	return err
}

// leave lets nobody in any more, and returns a channel that is closed when nobody
// is left.
func (c *Client) leave() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving == nil {
		c.leaving = make(chan struct{})
		for r := range c.pending.inOrder() {
			r.finish(ErrClosed)
		}
		if c.conn != nil {
			c.conn.withdraw(ErrClosed)
		}
		c.checkLeft()
	}
	return c.leaving
}

// checkLeft closes leaving when nobody is left, those included who have lost their
// locks and may need a moment to stop. The caller holds c.mu.
func (c *Client) checkLeft() {
	if c.leaving != nil && c.open == 0 && len(c.parting) == 0 && !isDone(c.leaving) {
		close(c.leaving)
	}
}

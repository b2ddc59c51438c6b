package wsclient

import (
	"context"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A Client is a program's way to a broker, over one connection at a time. It is
// safe for concurrent use.
type Client struct {
	options Options
	target  *url.URL

	life       context.Context // ends with the client; the supervisor works under it
	end        context.CancelFunc
	supervisor sync.WaitGroup

	done chan struct{} // closed when the client has ended for good

	hello atomic.Pointer[wire.Hello] // the latest

	// mu guards the fields below, and the fields of locks, connections and watches that say so. After a call of
	// the core that may have outputs, mu is unlocked with unlock, or carryOut is called first.
	mu      sync.Mutex
	clock   clock
	core    *core.Machine // decides what becomes of requests; see its doc.go
	conn    *conn         // the connection, or nil while there is none
	online  chan struct{} // closed while there is one
	drained chan struct{} // not nil once Drain was called; closed when the core is drained

	timer *time.Timer   // calls the core at its deadline, or earlier
	armed time.Duration // when it will fire, on the clock; 0: never
}

func newClient(target *url.URL, o Options) *Client {
	c := &Client{
		options: o,
		target:  target,
		done:    make(chan struct{}),
		online:  make(chan struct{}),
		clock:   newClock(),
		core:    core.New(core.Config{NoReconnect: o.NoReconnect, StopTime: o.StopTime}),
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

// Session returns the name that the broker gave the connection, or "" while there is none.
// The ids of its requests begin with it. The next connection has another one.
func (c *Client) Session() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return ""
	}
	return c.conn.hello.Session
}

// Done returns a channel that is closed when the client has ended for good. It ends by Close or Drain, because a
// broker has refused it or closed the connection for a reason that no later attempt
// would change, or, with NoReconnect, with its connection.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns nil until Done is closed. Then it returns why: ErrClosed, or an error
// that is ErrConnection.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.errorOf(c.core.Closed())
}

// Close ends the client. First the contexts of held locks end, the innermost
// before those around it. Then calls that wait fail with ErrClosed. Then the client tells the
// broker that it holds nothing, and closes all its connections. Close returns when all goroutines
// of the client have ended: after two seconds at most, or when OnState or
// NetDial has returned. Closing again does nothing. The error is always nil; Close is an io.Closer.
func (c *Client) Close() error {
	c.mu.Lock()
	conn := c.conn
	c.core.Close(c.clock.now())
	c.unlock()
	if conn != nil {
		// Not at once: the broker should get a close frame, if it still reads.
		late := time.AfterFunc(2*closeWait, conn.closeLink)
		defer late.Stop()
	}
	c.supervisor.Wait()
	return nil
}

// giveUp ends the client because of err.
func (c *Client) giveUp(err error) {
	c.mu.Lock()
	defer c.unlock()
	c.core.GiveUp(err, c.clock.now())
}

// Drain waits until no lock is held, and no stale holder may need time to stop. Then it closes the client. Calls
// for locks that wait, or begin meanwhile, fail with ErrClosed. Those inside
// a lock that is held do not: its holder may need them to finish. When ctx ends first, Drain
// closes the client nevertheless, and returns the cause of ctx.
//
// If the caller of Drain itself holds a lock, Drain waits for it until ctx ends.
func (c *Client) Drain(ctx context.Context) error {
	c.mu.Lock()
	if c.drained == nil {
		c.drained = make(chan struct{})
		c.core.Drain()
	}
	drained := c.drained
	c.unlock()
	var err error
	select {
	case <-drained:
	case <-ctx.Done():
		if !isDone(drained) {
			err = context.Cause(ctx)
		}
	}
	_ = c.Close()
	return err
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

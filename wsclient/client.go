package wsclient

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A Client acquires locks from a broker, over one connection at a time. It is safe for concurrent use. Create it with
// [Dial].
//
// To run a function under a lock, use [Client.WithLock], [Client.TryWithLock] or [Client.Elect]. To get the lock
// itself, use [Client.Acquire] or [Client.TryAcquire]. To end the client, use [Client.Drain] or [Client.Close]. The
// other methods say what the client or the broker does, or are for operators.
type Client struct {
	options Options
	targets []endpoint
	tracer  *tracer // nil: nothing is traced

	life       context.Context // ends with the client; the supervisor works under it
	end        context.CancelFunc
	supervisor sync.WaitGroup

	done chan struct{} // closed when the client has ended for good

	hello atomic.Pointer[wire.Hello] // the latest

	// unauthorized counts the attempts since the last connection to which the broker answered 401. preferred is the
	// index of the target with which a round begins: the one that worked last, or the one after it if the broker
	// there has not answered. rounds counts those that have failed since the last connection. Only the goroutine
	// that connects uses them: that of Dial, and then the supervisor.
	unauthorized, preferred, rounds int

	// mu guards the fields below, and the fields of locks, connections and watches that say so. After a call of
	// the core that may have outputs, mu is unlocked with unlock, or carryOut is called first.
	mu      sync.Mutex
	clock   clock
	core    *core.Machine // decides what becomes of requests; see its doc.go
	conn    *conn         // the connection, or nil while there is none
	resumes *conn         // on which the client tries to take up its session, or nil
	online  chan struct{} // closed while there is a connection
	drained chan struct{} // not nil once Drain was called; closed when the core is drained
	target  endpoint      // of the latest connection
	failed  *failedRound  // why the latest attempts to connect failed; nil while there is a connection

	lateLosses int64         // so far
	confirmed  chan struct{} // not nil while Close waits until all async releases are confirmed; closed then

	looks      map[string]*look // the open questions about holders, by lock name: see holders.go
	asksNobody bool             // it asks no such questions

	timer *time.Timer   // calls the core at its deadline, or earlier
	armed time.Duration // when it will fire, on the clock; 0: never
}

func newClient(targets []endpoint, o Options) *Client {
	c := &Client{
		options: o,
		targets: targets,
		target:  targets[0],
		tracer:  newTracer(&o),
		done:    make(chan struct{}),
		online:  make(chan struct{}),
		clock:   newClock(),
		looks:   make(map[string]*look),
		core: core.New(core.Config{
			NoReconnect: o.NoReconnect, KeepSession: o.Resume, StopTime: o.StopTime,
		}),
	}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

// Session returns the name of the session, or "" while there is no connection. The ids of requests begin with this
// name. With the next connection a new session begins, with another name, unless the client takes up its session:
// see Resume in [Options].
func (c *Client) Session() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return ""
	}
	return c.conn.session
}

// Done returns a channel that is closed when the client has ended for good. A client ends by Close or Drain.
// With NoReconnect it ends with its first connection, unless the broker moves. It also ends when a broker refuses it,
// or closes the connection, for a reason that would stop every later attempt, too.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err returns nil until Done is closed. Then it returns why the client has ended: ErrClosed or ErrConnection,
// possibly wrapped; use errors.Is.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.errorOf(c.core.Closed())
}

// Close ends the client. First the contexts of held locks end, innermost locks first. Then calls that wait
// fail with ErrClosed. Then the client tells the broker that it holds nothing, and closes all its
// connections. Close returns when all goroutines of the client have ended. That takes two seconds at most,
// unless a call of a Trace, of an Observer, or of Token, HeaderFunc or NetDial in [Options], takes
// longer. If there are async releases that the broker has not confirmed, Close first waits for that, for a
// second at most. Closing again does nothing. The error is always nil; it makes Client an io.Closer.
func (c *Client) Close() error {
	c.confirmReleases()
	c.mu.Lock()
	conn := cmp.Or(c.conn, c.resumes)
	c.core.Close(c.clock.now())
	c.unlock()
	if conn != nil {
		// Not at once: the broker should get a close frame, if it still reads.
		late := time.AfterFunc(2*closeWait, conn.closeLink)
		defer late.Stop()
	}
	c.supervisor.Wait()
	c.tracer.close()
	return nil
}

// confirmReleases waits until the broker has confirmed all async releases, so that no late loss is missed. It waits for
// closeWait at most.
func (c *Client) confirmReleases() {
	c.mu.Lock()
	if !c.core.AwaitsConfirmation() {
		c.mu.Unlock()
		return
	}
	c.core.AskForConfirmation()
	if c.confirmed == nil {
		c.confirmed = make(chan struct{})
	}
	confirmed := c.confirmed
	c.unlock()
	late := time.NewTimer(closeWait)
	defer late.Stop()
	select {
	case <-confirmed: // or there is no connection and no session any more
	case <-late.C:
	}
}

// giveUp ends the client because of err.
func (c *Client) giveUp(err error) {
	c.mu.Lock()
	defer c.unlock()
	c.core.GiveUp(err, c.clock.now())
}

// Drain waits until no lock is held, and until holders that have lost a lock have had time to stop. Then it
// closes the client. Meanwhile, calls that wait for a lock and new calls fail with ErrClosed. Calls inside a
// held lock do not fail, because its holder may need them to finish. If ctx ends first, Drain closes the
// client anyway, and returns an error that wraps the cause of ctx.
//
// If the caller of Drain itself holds a lock, Drain waits for that lock until ctx ends.
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
			err = contextError(ctx)
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

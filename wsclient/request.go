package wsclient

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A request is an acquire, from the call to its end. It is asked for on one
// connection after another until it is granted or refused. Its fields are guarded
// by the client's mu.
type request struct {
	client *Client
	lock   *Lock        // whose it is
	what   wire.Acquire // without what depends on the connection, where it has none
	until  time.Time    // it waits until then; zero: for ever
	term   term         // begins when it is granted

	order  int64       // among all of the client
	conn   *conn       // on which it was asked for, or nil
	parent *Lock       // as the broker was told; nil: what.Parent, if there is one
	timer  *time.Timer // ends it by itself, or nil: its term, or, while it is pending, its wait

	changed chan struct{} // has a token when it is granted or has ended, for the one who waits
	token   int64
	err     error // once it has ended; nil: released or cancelled

	state   requestState
	claimed bool // its caller knows that it holds
	once    bool // it is not asked for again: it does not wait
}

type requestState uint8

const (
	waiting   requestState = iota
	holding                // granted
	releasing              // a release is on its way
	leaving                // a cancel is on its way; a grant that crosses it means nothing
	ended
)

// ask asks for r, or lets it wait for a connection. The caller holds c.mu.
func (c *Client) ask(r *request) error {
	switch {
	case c.err != nil:
		return c.err
	case c.leaving != nil && r.lock.outer.around(c) == nil:
		return ErrClosed
	case c.conn == nil && r.once:
		return c.offline
	}
	r.client = c
	r.changed = make(chan struct{}, 1)
	c.orders++
	r.order = c.orders
	c.open++
	if c.conn == nil || isDone(c.conn.draining) && r.canMove() {
		r.pend(time.Now())
	} else {
		c.conn.submit(r)
	}
	return nil
}

// canMove reports whether r can be asked for on another connection: not what does
// not wait, nor what is made inside a lock, which ends with its connection.
func (r *request) canMove() bool {
	return !r.once && r.lock.outer.around(r.client) == nil && !r.client.options.NoReconnect
}

// submit asks for r on c. The caller holds the client's mu.
func (c *conn) submit(r *request) {
	r.stopTimer() // from now on the broker counts its wait
	r.conn, r.what.ID, r.parent = c, c.nextID(), r.lock.outer.around(c.client)
	c.next++
	c.requests.set(r.what.ID.N, r)
	m := r.message()
	if err := codec.CheckFrame(m, c.hello.Limits); err != nil {
		r.finish(badRequest(err)) // this broker allows less than the one before
		return
	}
	c.send(m)
}

// message is r for its connection, until there is another.
func (r *request) message() *wire.Acquire {
	m := &r.what
	if r.parent != nil { // by the next time it may have been released
		inside := r.what
		inside.Parent = r.parent.request.what.ID
		m = &inside
	}
	m.WaitMS, m.HoldMS = wire.Opt[int64]{}, wire.Opt[int64]{}
	switch {
	case r.once:
		if !m.Steal {
			m.WaitMS = wire.Some[int64](0)
		}
	case !r.until.IsZero():
		m.WaitMS = wire.Some(max(1, toMillis(time.Until(r.until)))) // 0 would be not to wait
	}
	if r.term.hold > 0 {
		m.HoldMS = wire.Some(toMillis(backstop(r.term.hold, r.conn.lease.timeout)))
	}
	return m
}

// isLate reports whether r has waited for as long as it may.
func (r *request) isLate(at time.Time) bool { return !r.until.IsZero() && !at.Before(r.until) }

// timeout is the error of one that is late while there is no connection on which to
// ask for it.
func (r *request) timeout() error {
	why := "there is no connection to the broker"
	switch c := r.client; {
	case c.conn != nil:
		why = "the broker is about to stop"
	case c.offline != nil:
		why += ": " + c.offline.Error()
	}
	return &Error{Code: wire.Timeout, Message: "not granted in time: " + why}
}

// setAside takes r, which waits, from its connection, to be asked for on the next.
func (r *request) setAside(at time.Time) {
	r.conn.requests.remove(r.what.ID.N)
	r.conn = nil
	r.pend(at)
}

// pend lets r wait for a connection, for as long as it may wait at all.
func (r *request) pend(at time.Time) {
	r.client.pending.set(r.order, r)
	switch {
	case r.isLate(at):
		r.finish(r.timeout())
	case !r.until.IsZero():
		r.timer = time.AfterFunc(r.until.Sub(at), r.giveUpLate)
	}
}

// giveUpLate ends r if it is still pending when its wait is over.
func (r *request) giveUpLate() {
	r.client.mu.Lock()
	defer r.client.mu.Unlock()
	if r.state == waiting && r.conn == nil && r.isLate(time.Now()) {
		r.finish(r.timeout())
	}
}

func (r *request) stopTimer() {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
}

// grant notes that r holds its locks, unless its owner has given up. The caller
// holds the client's mu.
func (r *request) grant(token int64, at instant) {
	if r.state != waiting {
		return
	}
	r.state, r.token = holding, token
	r.term.begin = at
	if r.term.hold > 0 {
		r.timer = time.AfterFunc(r.term.left(at), r.expire)
	}
	r.signal()
}

// signal wakes the one who waits for r. The caller holds the client's mu.
func (r *request) signal() {
	select {
	case r.changed <- struct{}{}:
	default: // it has been woken and not looked yet
	}
}

// wait waits until r is granted. When it fails nothing is left on the broker.
func (r *request) wait(ctx context.Context) error {
	for {
		select {
		case <-r.changed:
		case <-ctx.Done():
		}
		var given error // why the caller gives up, also when the grant has come in the same moment
		if ctx.Err() != nil {
			given = context.Cause(ctx)
		}
		r.checkGrant()
		if settled, err := r.settle(given); settled {
			return err
		}
	}
}

// checkGrant looks at the clocks before a grant is handed to the caller: the process may have been
// frozen, or the machine suspended, since it was read.
func (r *request) checkGrant() {
	r.client.mu.Lock()
	defer r.client.mu.Unlock()
	if r.state == holding {
		r.conn.checkLease(r.conn.glance.look())
	}
}

// settle lets the caller know that r holds, or why it does not; or ends r, if the
// caller gives up. Where none of that is so, because the connection on which r was
// granted has ended in the same moment, the caller is to go on waiting.
func (r *request) settle(given error) (settled bool, err error) {
	r.client.mu.Lock()
	defer r.client.mu.Unlock()
	switch {
	case r.state == ended:
		return true, r.err
	case given != nil:
		r.giveUp()
		return true, given
	}
	r.claimed = r.state == holding
	return r.claimed, nil
}

// ungrant makes r wait again whose grant nobody has claimed.
func (r *request) ungrant() {
	r.stopTimer()
	r.state, r.token = waiting, 0
}

// expire takes the lock from its holder when its term is over.
func (r *request) expire() {
	r.client.mu.Lock()
	defer r.client.mu.Unlock()
	r.checkTerm(now())
}

// checkTerm ends r if its term is over, and frees the lock on the broker.
// Whatever the broker still sends for r finds nobody.
func (r *request) checkTerm(at instant) {
	if r.state == holding && r.term.isOver(at) {
		c, id := r.conn, r.what.ID
		r.finish(&LostError{Reason: LostExpired})
		c.send(&wire.Cancel{ID: id})
	}
}

// finish ends r with err. The caller holds the client's mu.
func (r *request) finish(err error) {
	if r.conn != nil {
		r.conn.requests.remove(r.what.ID.N)
	} else {
		r.client.pending.remove(r.order)
	}
	r.stopTimer()
	r.state, r.err = ended, err
	if err == nil {
		err = ErrReleased
	}
	r.lock.drop(err)
	r.signal()
	r.client.open--
	r.client.checkLeft()
}

// giveUp withdraws r in whatever state it is. A cancel ends it on the broker
// whether or not a grant is on its way, so there is nothing to wait for. The caller
// holds the client's mu.
func (r *request) giveUp() {
	switch {
	case r.state != waiting && r.state != holding:
	case r.conn == nil:
		r.finish(nil)
	default:
		r.state = leaving
		r.conn.send(&wire.Cancel{ID: r.what.ID})
	}
}

// release gives the locks back. The caller holds the client's mu.
func (r *request) release() {
	if r.state == holding {
		r.state = releasing
		r.conn.goodbye.ID = r.what.ID
		r.conn.send(&r.conn.goodbye)
	}
}

// await waits until r has ended, and returns why it did not hold to the end.
func (r *request) await() error {
	for {
		if over, err := r.outcome(); over {
			return err
		}
		<-r.changed
	}
}

// outcome reports whether r has ended, and how.
func (r *request) outcome() (over bool, err error) {
	r.client.mu.Lock()
	defer r.client.mu.Unlock()
	return r.state == ended, r.err
}

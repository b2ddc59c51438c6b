package wsclient

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A request is an acquire on the wire, from its sending to its end. Its fields
// are guarded by the conn's mu, except what the channels publish.
type request struct {
	conn   *conn
	id     wire.ID
	state  requestState
	lock   *Lock // whose it is
	parent *Lock // inside which it was made, or nil

	hold   time.Duration // 0: no end
	expiry *time.Timer   // fires when hold has passed; nil before the grant, and without hold

	granted chan struct{} // closed when it holds; token is set before
	ended   chan struct{} // closed when it has ended; err is set before
	token   int64
	err     error // nil: released or cancelled
}

type requestState uint8

const (
	waiting   requestState = iota
	holding                // granted
	releasing              // a release is on its way
	leaving                // a cancel is on its way; a grant that crosses it means nothing
	ended
)

// open sends an acquire that has been checked, for lock and inside parent, if that
// is not nil. hold is counted here. The caller holds c.mu.
func (c *conn) open(m *wire.Acquire, hold time.Duration, lock, parent *Lock) (*request, error) {
	if c.err != nil {
		return nil, c.err
	}
	m.ID = c.nextID()
	c.next++
	r := &request{
		conn:    c,
		id:      m.ID,
		lock:    lock,
		parent:  parent,
		hold:    hold,
		granted: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	c.requests[r.id.N] = r
	c.send(m)
	return r, nil
}

// grant notes that r holds its locks, unless its owner has given up. The caller
// holds c.mu.
func (r *request) grant(token int64) {
	if r.state != waiting {
		return
	}
	r.state, r.token = holding, token
	if r.hold > 0 {
		begins := r.conn.lease.holdBegins(time.Now())
		r.expiry = time.AfterFunc(time.Until(begins.Add(r.hold)), r.expire)
	}
	close(r.granted)
}

// expire takes the lock from its holder because hold has passed, and frees it
// on the broker. Whatever the broker still sends for r finds nobody.
func (r *request) expire() {
	r.conn.mu.Lock()
	defer r.conn.mu.Unlock()
	if r.state == holding {
		r.conn.finish(r, &LostError{Reason: LostExpired})
		r.conn.send(&wire.Cancel{ID: r.id})
	}
}

// finish ends r with err. The caller holds c.mu.
func (c *conn) finish(r *request, err error) {
	delete(c.requests, r.id.N)
	if r.expiry != nil {
		r.expiry.Stop()
	}
	r.state, r.err = ended, err
	if err == nil {
		err = ErrReleased
	}
	r.lock.drop(err)
	close(r.ended)
}

// giveUp withdraws r in whatever state it is. A cancel ends it on the broker
// whether or not a grant is on its way, so there is nothing to wait for.
func (r *request) giveUp() {
	r.conn.mu.Lock()
	defer r.conn.mu.Unlock()
	if r.state == waiting || r.state == holding {
		r.state = leaving
		r.conn.send(&wire.Cancel{ID: r.id})
	}
}

// release gives the locks back and waits until the broker has confirmed it. The
// error says why they were not held to the end.
func (r *request) release() error {
	r.conn.mu.Lock()
	if r.state == holding {
		r.state = releasing
		r.conn.send(&wire.Release{ID: r.id})
	}
	r.conn.mu.Unlock()
	<-r.ended
	return r.err
}

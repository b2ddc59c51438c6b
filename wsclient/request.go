package wsclient

import (
	"context"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A request is an acquire on the wire, from its sending to its end. Its fields
// are guarded by the conn's mu, except what the channels publish.
type request struct {
	conn  *conn
	id    wire.ID
	state requestState
	stop  context.CancelCauseFunc // of the context of the lock

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

// open sends an acquire that has been checked. stop ends the context of the lock when it is lost.
func (c *conn) open(m *wire.Acquire, stop context.CancelCauseFunc) (*request, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	m.ID = c.nextID()
	c.next++
	r := &request{
		conn:    c,
		id:      m.ID,
		stop:    stop,
		granted: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	c.requests[r.id.N] = r
	c.send(m)
	return r, nil
}

// grant notes that r holds its locks, unless its owner has given up.
func (r *request) grant(token int64) {
	if r.state == waiting {
		r.state, r.token = holding, token
		close(r.granted)
	}
}

// finish ends r with err. The caller holds c.mu.
func (c *conn) finish(r *request, err error) {
	delete(c.requests, r.id.N)
	r.state, r.err = ended, err
	if err == nil {
		err = ErrReleased
	}
	r.stop(err)
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

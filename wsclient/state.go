package wsclient

import "github.com/lockbroker/lockbroker/broker/wire"

// A State says how a client stands with its broker.
type State int

// The states of a client.
const (
	// Connecting: there is no connection, and the client tries to make one. Calls
	// wait for it, but for those that do not wait (TryAcquire, Steal).
	Connecting State = iota
	// Connected: there is one.
	Connected
	// NotGranting: there is one, whose broker grants nothing to anyone at the moment;
	// NotGranting of [Client] says why. Calls wait until it does, but for those that do not
	// wait, which fail with ErrNotGranting.
	NotGranting
	// Draining: there is one, whose broker is about to stop. It grants nothing any
	// more, and ends the connection when nobody holds anything, or soon after.
	// Calls wait for the next connection, but for those that do not wait, or are made
	// inside a lock. Whoever holds a lock is to release it, or loses it with the
	// connection.
	Draining
	// Closed: the client has ended for good.
	Closed
)

// String is the name in lower case.
func (s State) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	case NotGranting:
		return "not granting"
	case Draining:
		return "draining"
	case Closed:
		return "closed"
	}
	return "unknown"
}

// State is the present one.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// NotGranting returns nil if the broker grants locks, or there is no connection, and else
// an error that is ErrNotGranting and says why nobody is granted anything. It goes by what the
// broker has said last, in its hello and in each answer to a ping of the client, to Info
// and to Why: that is not older than a heartbeat.
func (c *Client) NotGranting() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil
	}
	return paused(c.conn.pause)
}

func paused(p wire.Pause) error {
	if p == "" {
		return nil
	}
	return &Error{Code: wire.NotGranting, Message: "nothing is granted now: " + p.Explain()}
}

// heardPause notes why the broker grants nothing; "": it grants. The caller holds c.mu.
func (c *conn) heardPause(p wire.Pause) {
	if p == c.pause {
		return
	}
	c.pause = p
	c.client.setState(c, c.state())
	select {
	case c.turned <- struct{}{}:
	default:
	}
}

// state is that of a client whose connection is c. The caller holds c.mu.
func (c *conn) state() State {
	switch {
	case isDone(c.draining):
		return Draining
	case c.pause != "":
		return NotGranting
	}
	return Connected
}

// follow tells OnState how things stand with conn, until that has ended.
func (c *Client) follow(conn *conn) {
	c.tell(Connected, nil)
	var told wire.Pause
	for {
		select {
		case <-conn.draining:
			c.tell(Draining, nil)
			<-conn.done
			return
		case <-conn.turned:
			c.mu.Lock()
			pause := conn.pause
			c.mu.Unlock()
			switch {
			case pause == told:
			case pause == "":
				c.tell(Connected, nil)
			default:
				c.tell(NotGranting, paused(pause))
			}
			told = pause
		case <-conn.done:
			return
		}
	}
}

// setState notes the state that a connection has come to, if it is that of c. The
// caller holds c.mu.
func (c *Client) setState(conn *conn, s State) {
	if c.conn == conn && c.err == nil {
		c.state = s
	}
}

// tell tells OnState of a state. What it tells may be over by then.
func (c *Client) tell(s State, why error) {
	if c.options.OnState != nil {
		c.options.OnState(s, why)
	}
}

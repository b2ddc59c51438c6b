package wsclient

import "github.com/lockbroker/lockbroker/broker/wire"

// A State says whether a client has a connection, and what its broker does.
type State int

// The states of a client.
const (
	// Connecting: there is no connection, and the client tries to make one. Calls wait for it, except
	// those that do not wait (TryAcquire, Steal): they fail.
	Connecting State = iota
	// Connected: there is a connection.
	Connected
	// NotGranting: there is a connection, but the broker grants nothing to anyone at the moment.
	// [Client.NotGranting] says why. Calls wait until the broker grants again, except those that do not
	// wait: they fail with ErrNotGranting.
	NotGranting
	// Draining: there is a connection, but the broker is about to stop. It grants nothing more, and ends
	// the connection when nobody holds a lock, or when its drain time is over. Calls wait for the next
	// connection, except those that do not wait or are inside a lock: they fail. Holders should release
	// their locks, or they lose them with the connection.
	Draining
	// Closed: the client has ended for good.
	Closed
)

// String returns the name of the state in lower case.
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

// State returns the current state.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return State(c.core.State())
}

// NotGranting returns nil if the broker grants locks, or if there is no connection. Otherwise it returns an
// ErrNotGranting that says why the broker grants nothing to anyone. The broker reports this in its hello and
// in each answer to a ping, to Info and to Why. So the result is at most about one heartbeat old.
func (c *Client) NotGranting() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return notGranting(c.core.Pause())
}

func notGranting(p wire.Pause) error {
	if p == "" {
		return nil
	}
	return &Error{Code: wire.NotGranting, Message: pauseText(p)}
}

func pauseText(p wire.Pause) string { return "nothing is granted now: " + p.Explain() }

// reportStates reports the states of a connection until that has ended.
func (c *Client) reportStates(conn *conn) {
	c.callOnState(Connected, nil) // attach has traced it
	var reported wire.Pause
	for {
		select {
		case <-conn.changed:
		case <-conn.done:
			return
		}
		c.mu.Lock()
		state, pause := State(conn.state), conn.pause
		c.mu.Unlock()
		switch {
		case state == Draining:
			c.reportState(Draining, nil)
			<-conn.done
			return
		case pause == reported:
		case pause == "":
			c.reportState(Connected, nil)
		default:
			c.reportState(NotGranting, notGranting(pause))
		}
		reported = pause
	}
}

// reportState reports a state. By then the client may have another one.
func (c *Client) reportState(s State, why error) {
	c.tracer.state(s, why)
	c.callOnState(s, why)
}

// callOnState calls OnState, if there is one.
func (c *Client) callOnState(s State, why error) {
	if c.options.OnState != nil {
		c.options.OnState(s, why)
	}
}

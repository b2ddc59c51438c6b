package wsclient

// A State says how a client stands with its broker.
type State int

// The states of a client.
const (
	// Connecting: there is no connection, and the client tries to make one. Calls
	// wait for it, but for those that do not wait (TryAcquire, Steal).
	Connecting State = iota
	// Connected: there is one.
	Connected
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

package wsclient

// A State says how a client stands with its broker.
type State int

// The states of a client.
const (
	// Connecting: there is no connection, and the client tries to make one. Calls
	// wait for it.
	Connecting State = iota
	// Connected: there is one.
	Connected
	// Draining: there is one, whose broker is about to stop. It grants nothing any
	// more, and ends the connection when nobody holds anything, or soon after.
	// What waits, and what is asked for, waits for the next connection. Whoever
	// holds a lock is to release it, or loses it with the connection.
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

// tell notes a state, and tells OnState of it.
func (c *Client) tell(s State, why error) {
	c.mu.Lock()
	c.state = s
	c.mu.Unlock()
	if c.options.OnState != nil {
		c.options.OnState(s, why)
	}
}

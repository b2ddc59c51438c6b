package wsclient

import (
	"errors"
	"time"

	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// attach makes conn the connection of c, and submits the pending requests on it. If c has a session to take up, that
// takes until the broker has answered. If c, the lease or the connection has ended, attach returns why, and the link is
// closed.
func (c *Client) attach(conn *conn) *DialError {
	if err := c.attachOrResume(conn); err != nil {
		return &DialError{Connected: true, Answered: true, Err: err}
	}
	c.unauthorized = 0
	return nil
}

func (c *Client) attachOrResume(conn *conn) error {
	c.mu.Lock()
	at := c.clock.now()
	c.core.Connected(conn, conn.hello, conn.link.made, at)
	switch {
	case c.core.IsConnected():
		conn.start()
		c.begin(conn, at)
		c.unlock()
		return nil
	case c.core.IsResuming():
		c.resumes = conn
		conn.start()
		wait := c.core.StatesIn(at)
		c.unlock()
		return conn.awaitAnswer(wait + c.attemptTime())
	}
	defer c.mu.Unlock()
	c.carryOut()
	conn.closeLink()
	if why := c.errorOf(c.core.Closed()); why != nil {
		return why
	}
	return conn.err
}

var errNotAnswered = errors.New("the broker did not say in time whether the client can go on with its session")

// awaitAnswer waits until the broker has said whether it takes up the session. It returns why c has ended before that.
func (c *conn) awaitAnswer(within time.Duration) error {
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-c.begun:
		return nil
	case <-c.done:
	case <-late.C:
		c.client.mu.Lock()
		if isOpen := !isDone(c.begun) && c.err == nil; isOpen {
			c.client.core.Abandon(errNotAnswered, c.client.clock.now())
		}
		c.client.unlock()
	}
	if isDone(c.begun) {
		return nil
	}
	c.goroutines.Wait()
	return c.err
}

// begin makes conn the connection of c, now that the core has it, and submits the pending requests on it. The caller
// holds mu.
func (c *Client) begin(conn *conn, at core.Instant) {
	conn.session = c.core.Session()
	c.conn, c.resumes, c.failed, c.target = conn, nil, nil, conn.target
	c.tracer.connected(conn.session)
	c.tracer.state(Connected, nil)
	c.hello.Store(conn.hello)
	close(c.online)
	close(conn.begun)
	conn.startRenewal()
	c.carryOut()
	for c.core.SubmitNext(at) {
		c.carryOut() // one by one, so that a batch can reserve ids for pings between them
	}
}

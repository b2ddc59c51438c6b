package wsclient

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/lockbroker/lockbroker/wsclient/internal/retry"
)

// supervise makes one connection after another, until the client has ended. Once Dial has returned, it is the one
// goroutine that reports states.
func (c *Client) supervise(conn *conn) {
	var pauses retry.Backoff
	for conn != nil {
		c.reportStates(conn)
		conn.goroutines.Wait()
		lasted := c.clock.now().Mono - conn.link.made.Mono
		if c.options.NoReconnect || isFinal(conn.err) {
			c.giveUp(conn.err)
		}
		conn = c.reconnect(&pauses, lasted, conn.err)
	}
	c.reportState(Closed, c.Err())
}

// reconnect makes attempts until there is a connection, and returns it. It returns nil when the client ends.
func (c *Client) reconnect(pauses *retry.Backoff, lasted time.Duration, why error) *conn {
	pause := pauses.Next(lasted, rand.Float64())
	for attempt := 1; c.life.Err() == nil; attempt++ {
		c.reportState(Connecting, why)
		conn, err := c.try(pause)
		switch {
		case err == nil:
			return conn
		case c.life.Err() != nil: // the attempt has failed because the client has ended
			return nil
		case c.isFinal(err):
			c.tracer.dialFailed(attempt, err, noNext)
			c.giveUp(err)
			return nil
		}
		pause, why = pauses.Next(0, rand.Float64()), err
		c.tracer.dialFailed(attempt, err, pause)
	}
	return nil
}

// noNext is the pause that Trace.DialFailed gets if there is no other attempt.
const noNext time.Duration = -1

// try makes a connection after that pause.
func (c *Client) try(pause time.Duration) (*conn, error) {
	if err := sleep(c.life, pause); err != nil {
		return nil, err
	}
	conn, failed := c.connect(c.life)
	if failed == nil {
		failed = c.attach(conn)
	}
	if failed != nil {
		c.mu.Lock()
		c.failed = failed
		c.mu.Unlock()
		return nil, c.dialed(failed)
	}
	return conn, nil
}

// sleep waits for d. If ctx ends first, it returns the cause.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// attach makes conn the connection of c, and submits the pending requests on it. If c or the lease has ended, it
// closes the link and returns why.
func (c *Client) attach(conn *conn) *DialError {
	c.mu.Lock()
	defer c.unlock()
	at := c.clock.now()
	c.core.Connected(conn, conn.hello, conn.link.made, at)
	if !c.core.IsConnected() {
		c.carryOut()
		conn.closeLink()
		why := c.errorOf(c.core.Closed())
		if why == nil {
			why = conn.err
		}
		return &DialError{Connected: true, Answered: true, Err: why}
	}
	c.conn, c.failed, c.unauthorized = conn, nil, 0
	c.tracer.connected(conn.hello.Session)
	c.tracer.state(Connected, nil)
	c.hello.Store(conn.hello)
	close(c.online)
	conn.start()
	for c.core.SubmitNext(at) {
		c.carryOut() // one by one, so that a batch can reserve ids for pings between them
	}
	return nil
}

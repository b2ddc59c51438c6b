package wsclient

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// supervise is the life of a client, from its first connection to its end. It is
// the one goroutine that tells OnState.
func (c *Client) supervise(conn *conn) {
	var pauses backoff
	for conn != nil {
		c.follow(conn)
		conn.goroutines.Wait()
		lasted := time.Since(conn.link.made.mono)
		if c.options.NoReconnect || isFinal(conn.err) {
			c.giveUp(conn.err)
		}
		conn = c.reconnect(&pauses, lasted, conn.err)
	}
	c.tell(Closed, c.Err())
}

func (c *Client) giveUp(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(err)
}

// reconnect tries until there is a connection, or the client ends; then it
// returns nil.
func (c *Client) reconnect(pauses *backoff, lasted time.Duration, why error) *conn {
	for c.life.Err() == nil {
		c.tell(Connecting, why)
		conn, err := c.try(pauses.next(lasted, rand.Float64()))
		switch {
		case err == nil:
			return conn
		case isFinal(err):
			c.giveUp(err)
		}
		lasted, why = 0, err
	}
	return nil
}

// try makes a connection after that pause.
func (c *Client) try(pause time.Duration) (*conn, error) {
	if err := sleep(c.life, pause); err != nil {
		return nil, err
	}
	conn, err := c.connect(c.life)
	if err == nil {
		err = c.attach(conn)
	}
	if err != nil {
		return nil, &unreachable{fmt.Errorf("dial %s: %w", publicURL(c.target), err)}
	}
	return conn, nil
}

// unreachable is the error of an attempt to connect again. It is ErrConnection.
type unreachable struct{ error }

// Is makes errors.Is(err, ErrConnection) work.
func (e *unreachable) Is(target error) bool { return target == ErrConnection }

// Unwrap returns what went wrong.
func (e *unreachable) Unwrap() error { return e.error }

// sleep waits so long, or until ctx ends, whose cause it returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// attach makes conn the connection of c. When that has ended already, or c has,
// nothing is left of conn.
func (c *Client) attach(conn *conn) error {
	c.mu.Lock()
	if c.err != nil {
		conn.finish(LostClosed, c.err)
	}
	err := conn.err
	if err == nil {
		c.take(conn)
	}
	c.mu.Unlock()
	if err != nil {
		conn.cut()
		conn.goroutines.Wait()
	}
	return err
}

// take asks on conn for all that waits, in the order in which it was asked for
// first. The caller holds c.mu.
func (c *Client) take(conn *conn) {
	c.conn = conn
	c.hello.Store(conn.hello)
	close(c.online)
	c.setState(conn, conn.state())
	if isDone(conn.draining) {
		return
	}
	for r := range c.pending.inOrder() {
		c.pending.remove(r.order)
		conn.submit(r)
	}
}

// detach notes that there is no connection any more. The caller holds c.mu.
func (c *Client) detach(conn *conn, why error) {
	if c.conn == conn {
		c.setState(conn, Connecting)
		c.conn, c.offline = nil, why
		c.online = make(chan struct{})
	}
}

// connected waits until there is a connection.
func (c *Client) connected(ctx context.Context) (*conn, error) {
	for {
		c.mu.Lock()
		conn, online, err := c.conn, c.online, c.err
		c.mu.Unlock()
		if err != nil || conn != nil {
			return conn, err
		}
		select {
		case <-online:
		case <-c.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

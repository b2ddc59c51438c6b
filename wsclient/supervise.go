package wsclient

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/lockbroker/lockbroker/wsclient/internal/core"
	"github.com/lockbroker/lockbroker/wsclient/internal/retry"
)

// supervise makes one connection after another, until the client has ended. Once Dial has returned, it is the one
// goroutine that reports states.
func (c *Client) supervise(conn *conn) {
	var pauses retry.Backoff
	for conn != nil {
		c.reportStates(conn)
		conn.goroutines.Wait()
		lasted := c.lasted(conn)
		c.avoidSilent()
		if c.options.NoReconnect && !c.canResume() || isFinal(conn.err) {
			c.giveUp(conn.err)
		}
		conn = c.reconnect(&pauses, lasted, conn.err)
	}
	c.reportState(Closed, c.Err())
}

// reconnect makes attempts until there is a connection, and returns it. It returns nil when the client ends.
func (c *Client) reconnect(pauses *retry.Backoff, lasted time.Duration, why error) *conn {
	pause := c.pause(pauses, lasted)
	for attempts := 0; c.life.Err() == nil; {
		c.reportState(Connecting, why)
		if sleep(c.life, pause) != nil {
			return nil
		}
		conn, failed := c.tryAll(c.life, &attempts)
		switch {
		case failed == nil:
			return conn
		case c.life.Err() != nil: // the attempt has failed because the client has ended
			return nil
		case failed.isFinal:
			c.tracer.dialFailed(attempts, failed.lastErr(), noNext)
			c.giveUp(failed.err())
			return nil
		}
		pause, why = c.pause(pauses, 0), failed.lastErr()
		c.tracer.dialFailed(attempts, why, pause)
	}
	return nil
}

// lasted returns how long a connection lasted that has ended, for the pause after it. If the broker moves, the end is
// no failure, however soon it came.
func (c *Client) lasted(conn *conn) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := c.core.Last(); last != nil && last.Moved {
		return retry.Settled
	}
	return c.clock.now().Mono - conn.link.made.Mono
}

// canResume reports whether the client has a session to take up.
func (c *Client) canResume() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.CanResume()
}

// avoidSilent lets the next round begin with the next address, if the broker at the latest one has not answered.
func (c *Client) avoidSilent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := c.core.Last(); last != nil && (last.Unanswered || last.Reason == core.ReasonLease) {
		c.preferred = (c.preferred + 1) % len(c.targets)
	}
}

// pause returns the pause after a connection that lasted that long; 0 stands for an attempt that failed.
func (c *Client) pause(pauses *retry.Backoff, lasted time.Duration) time.Duration {
	if lease := c.urgency(); lease > 0 {
		return pauses.NextSoon(lease, lasted, rand.Float64())
	}
	return pauses.Next(lasted, rand.Float64())
}

// urgency returns how long the lease lasts that is running out, or 0 if nothing is at stake.
func (c *Client) urgency() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.core.Urgency(c.clock.now())
}

// attemptTime returns how long an attempt to connect may take.
func (c *Client) attemptTime() time.Duration {
	if lease := c.urgency(); lease > 0 {
		return min(retry.AttemptTime(lease, c.rounds), helloWait)
	}
	return helloWait
}

// noNext is the pause that Trace.DialFailed gets if there is no other attempt.
const noNext time.Duration = -1

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

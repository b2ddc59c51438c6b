package wsclient

import (
	"context"
	"fmt"
	"time"
)

// A client may have several addresses. It tries each of them once, without a pause in between, and that is a round. A
// round begins with the address that worked last.

// A failedRound says why a round has failed.
type failedRound struct {
	errs    []error    // one for each attempt
	target  endpoint   // of the last attempt
	last    *DialError // of the last attempt
	isFinal bool       // all addresses have refused for good
}

// err returns the errors of all attempts as one.
func (f *failedRound) err() error {
	err := f.errs[0]
	for _, next := range f.errs[1:] {
		err = fmt.Errorf("%w; %w", err, next)
	}
	return err
}

// lastErr returns the error of the last attempt.
func (f *failedRound) lastErr() error { return f.errs[len(f.errs)-1] }

// tryAll does a round. It returns the first connection that it can make and attach, or why there is none. It adds the
// attempts to attempts, and reports all that failed except the last one: its report says how long the pause is.
func (c *Client) tryAll(ctx context.Context, attempts *int) (*conn, *failedRound) {
	failed := &failedRound{isFinal: true}
	for n := range c.targets {
		i := (c.preferred + n) % len(c.targets)
		if n > 0 {
			c.tracer.dialFailed(*attempts, failed.errs[n-1], 0)
			c.reportState(Connecting, failed.errs[n-1])
		}
		*attempts++
		conn, err := c.try(ctx, c.targets[i], len(c.targets)-n)
		if err == nil {
			c.preferred, c.rounds = i, 0
			return conn, nil
		}
		failed.add(c, c.targets[i], err)
		if ctx.Err() != nil {
			break
		}
	}
	c.rounds++
	c.mu.Lock()
	c.failed = failed
	c.mu.Unlock()
	return nil, failed
}

func (f *failedRound) add(c *Client, target endpoint, err *DialError) {
	f.target, f.last = target, err
	f.errs = append(f.errs, fmt.Errorf("dial %s: %w", target, err))
	f.isFinal = c.isFinal(err) && f.isFinal // each attempt counts
}

// try makes a connection to target, which is one of that many that are left to try, and attaches it. If the host has
// several addresses, and what listens at one of them refuses, it tries the others.
func (c *Client) try(ctx context.Context, target endpoint, left int) (*conn, *DialError) {
	within := c.attemptTime()
	if due, ok := ctx.Deadline(); ok && left > 1 {
		within = min(within, time.Until(due)/time.Duration(left))
	}
	hosts := newHostAddresses()
	var first *DialError
	for {
		conn, err := c.connect(ctx, target, within, hosts)
		if err == nil {
			err = c.attach(conn)
		}
		switch {
		case err == nil:
			return conn, nil
		case first == nil || err.Connected:
			first = err // what refuses says more than what is not there
		}
		if !hosts.hasOther(ctx) {
			return nil, first
		}
	}
}

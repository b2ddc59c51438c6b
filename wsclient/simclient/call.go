package simclient

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// Acquire makes a request. If enclosing requests hold all its locks, its caller has them at once. Otherwise the caller
// waits until the request is among the [Output.Woken], and then settles it.
func (c *Client) Acquire(at Instant, o Options) Request {
	c.out.reset()
	r := newRecord(Request(len(c.records)+1), &o)
	c.records = append(c.records, r)
	if o.Outer != 0 {
		r.core.Outer = &c.record(o.Outer).core
	}
	if !c.wasOn {
		r.failed = &core.End{How: Disconnected}
		return r.number
	}
	now := c.latest // otherwise the client does not read the clocks
	if o.Wait > 0 || o.Outer != 0 || c.link == 0 || c.core.CanResume() {
		now = c.read(at)
		c.core.Tick(now)
		c.carryOut(now)
	}
	r.failed = c.core.Acquire(&r.core, now)
	r.hasLocks = r.failed == nil && r.core.IsCovered()
	c.carryOut(now)
	return r.number
}

// Settle is what a waiting caller does when it runs: because its request was woken, or because it gives up. It returns
// the status of the request. If that is Holding, the caller has the locks. If it is Waiting, the caller goes on
// waiting.
func (c *Client) Settle(at Instant, number Request, givesUp bool) Status {
	c.out.reset()
	r := c.record(number)
	if r.failed != nil || r.hasLocks {
		return r.status()
	}
	now := c.latest
	if r.core.IsHolding() {
		now = c.read(at)
	}
	switch settlement, end := c.core.Settle(&r.core, givesUp, now); settlement {
	case core.Claimed:
		r.hasLocks = true
	case core.Failed:
		r.failed = end
	case core.GaveUp:
		r.failed = &core.End{How: Cancelled}
	}
	c.carryOut(now)
	return r.status()
}

// Release releases the locks of a request whose caller has, or had, the locks. The request is woken when the broker
// has confirmed it.
func (c *Client) Release(at Instant, number Request) {
	c.out.reset()
	r := c.record(number)
	now := c.latest
	if r.core.MinHold > 0 || r.core.Async {
		now = at
	}
	c.core.Release(&r.core, now)
	r.released = true
	r.early = r.early || r.core.IsReleasedEarly()
	c.carryOut(now)
}

// Valid reports whether the locks of a request count as held at that time.
func (c *Client) Valid(at Instant, number Request) bool {
	c.out.reset()
	r := c.record(number)
	valid := r.hasLocks && c.core.Valid(&r.core, at)
	c.carryOut(at)
	return valid
}

// PeekValid returns what Valid would return at that time. It is no step.
func (c *Client) PeekValid(at Instant, number Request) bool {
	r := c.record(number)
	return r.hasLocks && c.core.WouldBeValid(&r.core, at)
}

// Lease returns for how long the locks of a request count as held if the broker sends nothing more, and for how long
// the broker cannot have given them to others.
func (c *Client) Lease(at Instant, number Request) (left, kept time.Duration) {
	c.out.reset()
	if r := c.record(number); r.hasLocks {
		left, kept = c.core.LeaseOf(&r.core, at)
	}
	c.carryOut(at)
	return left, kept
}

// Evict asks the broker to end a request of any client. The message says why, for people. Evict does nothing if there
// is no connection.
func (c *Client) Evict(_ Instant, id wire.ID, message string) {
	c.out.reset()
	if c.link != 0 {
		c.send(&wire.Evict{ID: c.core.OpenID(), Request: id, Message: message})
	}
}

// Drain lets holders finish, and then closes the client. Requests that wait end, except those inside held locks.
func (c *Client) Drain(at Instant) {
	c.out.reset()
	c.core.Drain()
	c.carryOut(at)
}

// Close closes the client.
func (c *Client) Close(at Instant) {
	c.out.reset()
	c.close(at)
}

// read notes that the client reads the clocks at that time.
func (c *Client) read(at Instant) Instant {
	c.latest = at
	return at
}

package core

import "time"

// What the oracle expects when a call releases, gives up, or holds for too long, and how long a lock is valid.

func (o *oracle) release(c *call) {
	if c.wish.minHold > 0 || c.wish.async {
		o.tick()
	}
	if c.wish.async {
		o.checkHold(c)
	}
	o.stop(c, "released")
	if o.drains {
		o.withdraw()
	}
	switch {
	case c.state != "holding":
	case o.now.Mono-c.since.Mono >= c.wish.minHold || o.link != nil && o.link.draining:
		o.sendRelease(c)
	default:
		c.state = "lingering"
		for _, inside := range o.onLink() {
			if inside.state == "waiting" && inside.parent == c {
				o.send("cancel " + inside.id.String())
				o.end(inside, "outer lost (released)")
			}
		}
	}
}

func (o *oracle) sendRelease(c *call) {
	c.state = "releasing"
	if !c.wish.async {
		o.send("release " + c.id.String())
		return
	}
	o.send("release " + c.id.String() + " quietly")
	c.before = o.session().next
	o.session().released = append(o.session().released, c)
	if o.drains {
		o.ask()
	}
}

// send sends a message, if there is a connection.
func (o *oracle) send(message string) {
	if o.link != nil {
		o.sent = append(o.sent, "send "+message)
	}
}

// unconfirmed returns the calls whose quiet releases the broker has not confirmed, in the order of the releases.
func (o *oracle) unconfirmed() (found []*call) {
	if s := o.session(); s != nil {
		for _, c := range s.released {
			if c.state == "releasing" {
				found = append(found, c)
			}
		}
	}
	return found
}

// ask sends a cancel of the call that was released last, so that its answer confirms the releases.
func (o *oracle) ask() {
	all := o.unconfirmed()
	if n := len(all); o.link != nil && n > 0 && !all[n-1].asked {
		all[n-1].asked = true
		o.send("cancel " + all[n-1].id.String())
	}
}

// confirm ends the calls that were released before c was submitted.
func (o *oracle) confirm(c *call) {
	for _, released := range o.unconfirmed() {
		if released.before <= c.id.N {
			o.end(released, "released")
		}
	}
}

// confirmThrough ends c, and the calls that were released before it.
func (o *oracle) confirmThrough(c *call) {
	for _, released := range o.unconfirmed() {
		o.end(released, "released")
		if released == c {
			return
		}
	}
}

func (o *oracle) cancel(c *call) {
	switch c.state {
	case "pending":
		o.end(c, "cancelled")
	case "waiting", "holding":
		c.state = "cancelling"
		o.stop(c, "cancelled")
		o.send("cancel " + c.id.String())
	}
}

func (o *oracle) isValid(c *call) bool {
	o.tick()
	o.checkHold(c)
	return c.cause == ""
}

// checkHold ends c, and its lenders, if their holds are over on any clock.
func (o *oracle) checkHold(c *call) {
	if c.state == "holding" && c.wish.hold > 0 && o.since(c.since) >= c.wish.hold {
		o.expire(c)
	}
	for _, lender := range c.lenders {
		o.checkHold(lender)
	}
}

func (o *oracle) expire(c *call) {
	o.send("cancel " + c.id.String())
	o.end(c, "lost: expired"+lateText(o.since(c.since)-c.wish.hold))
}

func (o *oracle) lease(c *call) (left, kept time.Duration) {
	s := o.session()
	silent := o.since(s.heard)
	left, kept = o.leaseLength(s)-silent, s.hello.timeout*10/11-silent
	if c.state == "holding" && c.wish.hold > 0 {
		rest := c.wish.hold - o.since(c.since)
		left, kept = min(left, rest), min(kept, rest)
	}
	for _, lender := range c.lenders {
		otherLeft, otherKept := o.lease(lender)
		left, kept = min(left, otherLeft), min(kept, otherKept)
	}
	return left, kept
}

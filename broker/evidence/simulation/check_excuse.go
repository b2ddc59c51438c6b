package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// overlap notes that a client treats a lock as held that was granted to another. An excuse is looked at again when the
// lease of the client must have ended.
func (w *World) overlap(c *call, to wire.ID) {
	excuse := w.excuse(c)
	if excuse == noExcuse {
		w.violate(promise.Lease, "%v was granted, and call %d of c%d still treats its lock as held as %v",
			to, c.plan.Number, c.node.plan.Number, c.id)
		return
	}
	w.counts.Excuses[excuse]++
	w.tracef("excused: call %d overlaps with %v: %s", c.plan.Number, to, excuse)
	if !w.plan.lasts() {
		w.planExcuse(c)
	}
}

// excuse returns why the lock of c may, for the moment, not be exclusive. No excuse lasts longer than the lease of the
// client. The one that an operator has taken the lock ends earlier if the client reads that.
func (w *World) excuse(c *call) Excuse {
	if w.plan.lasts() {
		return w.clusterExcuse(c)
	}
	excuse := w.excluded(c)
	if excuse == noExcuse {
		return noExcuse
	}
	if r := w.request(c.id); r.told || r.leaseLeft() <= 0 {
		return noExcuse
	}
	return excuse
}

// excluded returns why the promises exclude that the lock of c stays exclusive.
func (w *World) excluded(c *call) Excuse {
	r := w.request(c.id)
	switch {
	case r == nil:
		return noExcuse
	case r.taken:
		return ByOperator
	case c.node.isOdd:
		return OddClocks
	case r.session.conn.isForged && !w.plan.LockDelay:
		return ForgedEnd
	case r.run != r.session.b.run && !w.plan.StateDir:
		return NoStateDir
	case r.run < r.session.b.order.knownFrom:
		return UnseenCopy
	}
	return noExcuse
}

// planExcuse plans to look at the excuse of a call when it must have ended.
func (w *World) planExcuse(c *call) {
	const timers = time.Microsecond // its timer fires meanwhile
	if c.excused {
		return
	}
	c.excused = true
	left := w.request(c.id).leaseLeft()
	due := c.node.clock.when(c.node.at().Mono+left, w.now) + timers
	w.events.add(event{at: due, kind: evExcuse, who: c.node.index, what: c.index, gen: c.life})
}

// endExcuse checks P5 and P12 when the excuse for an overlap must have ended: the client no longer treats the lock as
// held, and the context of the holder has ended. A process that stands still is checked when it goes on.
func (w *World) endExcuse(c *call, life int32) {
	if c.state != inside || c.life != life {
		return
	}
	c.excused = false
	n := c.node
	switch {
	case n.frozen:
		c.stale = true
	case n.program.PeekValid(n.at(), c.request):
		if w.excuse(c) != noExcuse {
			w.planExcuse(c) // the clock stood still, or the client has read more answers
			return
		}
		w.violate(promise.Lease, "c%d must know that it has lost %v, and call %d still treats its lock as held",
			n.plan.Number, c.id, c.plan.Number)
	case !c.stopped && n.isPunctual() && n.isAwake():
		w.violate(promise.LossTold, "call %d lost its lock, and its context has not ended", c.plan.Number)
	}
}

// leaseLeft returns how much of the lease is left to the client of a request, on its own clocks. The world knows which
// messages the broker has answered, so it does not ask the client.
func (r *request) leaseLeft() time.Duration {
	c := r.session.conn
	return r.session.lease() - elapsed(c.heard, c.node.at())
}

// lease returns how long the client may treat its locks as held after it has sent a message that the broker answers.
func (s *session) lease() time.Duration {
	lease := s.timeout * 2 / 3
	if stop := s.conn.node.plan.StopTime; stop > 0 {
		lease = min(lease, max(s.timeout*10/11-stop, s.heartbeat*3/2))
	}
	return lease
}

// stopTime returns how long a function may go on after the lease of its client has ended, while its client keeps
// silent: what is left of the session timeout, on a clock that runs a tenth slower than the broker's.
func (w *World) stopTime(c *call) time.Duration {
	r := w.request(c.id)
	if r == nil {
		return 0
	}
	return r.session.timeout*10/11 - r.session.lease()
}

// checkBorrowed checks P5 when a call returns at once because its client lends it the locks of an enclosing call: they
// are held at that moment.
func (w *World) checkBorrowed(c *call) {
	n := c.node
	s := n.program.Status(c.request)
	if s.Covered && s.State == simclient.Holding && !n.program.PeekValid(n.at(), c.request) {
		w.violate(promise.Lease, "call %d borrows its locks, which are no longer held", c.plan.Number)
	}
}

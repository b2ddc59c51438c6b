package simulation

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// checkLeases checks P5 when the broker grants locks to r: no other client may treat them as held, unless both may
// hold. A process that stands still is checked when it goes on.
func (w *World) checkLeases(r *request) {
	for k, i := range r.locks {
		least, count := r.limits[k], 1
		var last *call
		for _, c := range w.order.inside {
			held := w.order.requests[c.id]
			if held == nil || held == r || c.covered || !held.asksFor(i) {
				continue
			}
			limit := held.limitOn(i)
			if c.node.frozen {
				c.stale = c.stale || min(limit, r.limits[k]) == 1
				continue
			}
			if c.node.program.PeekValid(c.node.at(), c.request) {
				count++
				least = min(least, limit)
				last = c
			} else if !c.stopped && c.node.isPunctual() {
				w.violate(promise.LossTold, "call %d lost its lock, and its context has not ended", c.plan.Number)
			}
		}
		if last != nil && count > least {
			w.overlap(last, r.id)
		}
	}
}

// checkClaim checks P5 when a caller enters the function of its call: the broker must not have granted its locks to
// others since it was granted them.
func (w *World) checkClaim(c *call) {
	if c.covered {
		w.counts.add(SawCovered)
		return
	}
	r := w.order.requests[c.id]
	if r == nil || r.state == asked || r.state == queued {
		w.violate(promise.Exclusion, "call %d holds as %v, which the broker has not granted", c.plan.Number, c.id)
		return
	}
	for k, i := range r.locks {
		l := &w.order.locks[i]
		if l.latest > r.grant || r.limits[k] == 1 && l.any > r.grant {
			if c.node.program.PeekValid(c.node.at(), c.request) {
				w.overlap(c, r.id)
			}
		}
	}
}

// checkThaw checks P5 when a process goes on: it must notice that locks of it were granted to others meanwhile.
func (n *node) checkThaw() {
	for _, c := range n.w.order.inside {
		if c.node != n || !c.stale {
			continue
		}
		c.stale = false
		n.w.counts.add(SawStaleThaw)
		if n.program.PeekValid(n.at(), c.request) {
			n.w.overlap(c, c.id)
		}
	}
}

// overlap notes that a client treats a lock as held that was granted to another.
func (w *World) overlap(c *call, to wire.ID) {
	if reason := w.excuse(c); reason != "" {
		w.counts.add(SawExcused)
		w.tracef("excused: call %d overlaps with %v: %s", c.plan.Number, to, reason)
		return
	}
	w.violate(promise.Lease, "%v was granted, and call %d of c%d still treats its lock as held as %v",
		to, c.plan.Number, c.node.plan.Number, c.id)
}

// excuse returns why the promises exclude that the lock of c stays exclusive, or "".
func (w *World) excuse(c *call) string {
	r := w.order.requests[c.id]
	switch {
	case c.node.isOdd:
		return "its clocks break the conditions of the promise"
	case r == nil:
		return ""
	case r.taken:
		return "an operator took the lock, and the client hears of it a moment later"
	case r.session.conn.isForged && !w.plan.LockDelay:
		return "something in between ended the broker's side"
	case r.run != w.broker.run && !w.plan.StateDir:
		return "the broker was restarted without a state directory"
	case r.run != w.broker.run && w.order.unknown:
		return "the state directory is an older copy, and the broker cannot tell"
	}
	return ""
}

// asksFor reports whether a request is for a lock.
func (r *request) asksFor(lock int) bool { return slices.Contains(r.locks, lock) }

package simulation

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// checkLeases checks P5 when the broker grants locks to r: no other client may treat them as held, unless both may
// hold. A process that stands still is checked when it goes on.
func (w *World) checkLeases(r *request) {
	for k, i := range r.locks {
		all, blamed := together{least: r.limits[k], count: 1}, together{least: r.limits[k], count: 1}
		excused := w.excused[:0]
		for _, c := range w.inside {
			held := w.request(c.id)
			if held == nil || held == r || c.covered || !held.asksFor(i) {
				continue
			}
			limit := held.limitOn(i)
			switch {
			case c.node.frozen:
				c.stale = c.stale || min(limit, r.limits[k]) == 1
			case !c.node.program.PeekValid(c.node.at(), c.request):
				w.checkStopped(c, r, limit)
			case w.excuse(c) == noExcuse:
				blamed.add(c, limit)
				all.add(c, limit)
			default:
				excused = append(excused, c)
				all.add(c, limit)
			}
		}
		if blamed.areTooMany() {
			w.overlap(blamed.last, r.id)
		} else if all.areTooMany() {
			for _, c := range excused {
				w.overlap(c, r.id)
			}
		}
		w.excused = excused
	}
}

// checkStopped checks a call whose lock is no longer valid when the broker grants it to r: its context has ended, and
// its function has had the time to stop that the lease leaves. No client can keep silent if something in between resets
// its side: its kernel then answers the broker with a reset. Nor does a client keep silent that its program closes.
func (w *World) checkStopped(c *call, r *request, limit int) {
	conn := w.request(c.id).session.conn
	switch {
	case c.stopBy > c.node.at().Mono && limit == 1 && w.excluded(c) == noExcuse && !conn.isReset && !c.node.closes:
		w.violate(promise.Lease, "%v was granted, and call %d of c%d still had time to stop",
			r.id, c.plan.Number, c.plan.Client)
	case !c.stopped && c.node.isPunctual() && c.node.isAwake() && !c.node.program.Status(c.request).Stopped:
		w.violate(promise.LossTold, "call %d lost its lock, and its context has not ended", c.plan.Number)
	}
}

// A together counts holders of a lock.
type together struct {
	least, count int
	last         *call
}

func (t *together) add(c *call, limit int) {
	t.least, t.count, t.last = min(t.least, limit), t.count+1, c
}

func (t *together) areTooMany() bool { return t.last != nil && t.count > t.least }

// checkClaim checks P5 when a caller enters the function of its call: the broker must not have granted its locks to
// others since it was granted them.
func (w *World) checkClaim(c *call) {
	if !c.node.program.PeekValid(c.node.at(), c.request) {
		w.violate(promise.Lease, "the function of call %d begins, and its lock is no longer held",
			c.plan.Number)
	}
	if c.covered {
		w.counts.add(SawCovered)
		return
	}
	r := w.request(c.id)
	if w.plan.lasts() {
		w.checkTogether(c)
		if r != nil {
			r.claimed = true
		}
		return
	}
	if r == nil || r.state == asked || r.state == queued {
		w.violate(promise.Exclusion, "call %d holds as %v, which was not granted", c.plan.Number, c.id)
		return
	}
	r.claimed = true
	for k, i := range r.locks {
		l := &r.session.b.order.locks[i]
		if l.latest > r.grant || r.limits[k] == 1 && l.any > r.grant {
			if c.node.program.PeekValid(c.node.at(), c.request) {
				w.overlap(c, r.id)
			}
		}
	}
}

// checkThaw checks P5 when a process goes on: it must notice that locks of it were granted to others meanwhile.
func (n *node) checkThaw() {
	for _, c := range n.w.inside {
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

// asksFor reports whether a request is for a lock.
func (r *request) asksFor(lock int) bool { return slices.Contains(r.locks, lock) }

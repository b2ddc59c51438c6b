package simulation

import (
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file checks what clients of several brokers treat as held. What a broker believes proves nothing: it may have
// been deposed, and not know it. So the clients are compared with one another.

// checkTogether checks P1, P2 and P5 when a caller enters the function of its call: no other client treats its locks as
// held, unless both may hold, and none has held them exclusively with a greater token. A caller that the broker has
// told of a loss meanwhile is excused.
func (w *World) checkTogether(c *call) {
	for k := range c.asks {
		limit, i := limitOf(&c.asks[k]), w.lockIndex[c.asks[k].Name]
		t := together{least: limit, count: 1}
		for _, other := range w.inside {
			if at := other.asksFor(c.asks[k].Name); at != nil && other != c {
				w.meet(other, limitOf(at), limit, &t)
			}
		}
		if t.areTooMany() && w.excuse(c) == noExcuse {
			w.overlap(t.last, c.id)
		}
		w.checkClaimed(c, i, limit)
	}
}

// meet counts another call that may hold a lock, too.
func (w *World) meet(other *call, limit, mine int, t *together) {
	n := other.node
	switch {
	case n.frozen:
		other.stale = other.stale || min(limit, mine) == 1
	case n.program.PeekValid(n.at(), other.request):
		if excuse := w.excuse(other); excuse != noExcuse {
			w.counts.Excuses[excuse]++
			return
		}
		t.add(other, limit)
	case !other.stopped && n.isPunctual() && n.isAwake() && !n.program.Status(other.request).Stopped:
		w.violate(promise.LossTold, "call %d lost its lock, and its context has not ended", other.plan.Number)
	}
}

// asksFor returns how a call has asked the broker for a lock, or nil.
func (c *call) asksFor(lock string) *wire.LockSpec {
	for i := range c.asks {
		if c.asks[i].Name == lock && !c.covered {
			return &c.asks[i]
		}
	}
	return nil
}

// limitOf returns how many may hold a lock together with who asks for it like that.
func limitOf(spec *wire.LockSpec) int {
	if spec.Mode != wire.Shared {
		return 1
	}
	return spec.Limit.Or(noLimit)
}

// checkClaimed checks P2 for a lock that a caller holds exclusively.
func (w *World) checkClaimed(c *call, lock, limit int) {
	if limit != 1 {
		return
	}
	if c.token <= w.claimed[lock] && w.excuse(c) == noExcuse {
		w.violate(promise.RisingTokens, "call %d holds with token %d, and token %d was held before",
			c.plan.Number, c.token, w.claimed[lock])
	}
	w.claimed[lock] = max(w.claimed[lock], c.token)
}

// clusterExcuse returns why the lock of c may, for the moment, not be exclusive.
func (w *World) clusterExcuse(c *call) Excuse {
	switch {
	case c.node.isOdd:
		return OddClocks
	case (w.taken[c.id] || w.struck[c.token]) && !w.told[c.id]:
		return ByOperator
	}
	for _, conn := range c.node.links {
		if conn.isForged && !w.plan.LockDelay && !c.node.plan.Resume {
			return ForgedEnd
		}
	}
	return noExcuse
}

// noteTold notes that a client has read that it has lost the locks of a request.
func (n *node) noteTold(id wire.ID) {
	if n.w.plan.lasts() {
		n.w.told[id] = true
	}
}

// noteLost notes that a client has read that it has lost the locks of the request with that number, in a session that
// it has taken up. Its holder must have been told.
func (n *node) noteLost(number int64) {
	for _, c := range n.requests {
		if c.state == inside && c.id.N == number && !c.covered {
			n.noteTold(c.id)
			n.checkTold(c.id)
		}
	}
}

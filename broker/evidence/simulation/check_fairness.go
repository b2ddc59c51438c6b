package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// checkTurn checks P3: no request that came earlier waits for a lock of r.
func (o *order) checkTurn(r *request) {
	for _, i := range r.locks {
		for _, other := range o.locks[i].queue {
			if other != r && (r.state != queued || other.arrival < r.arrival) && !other.session.ended {
				o.w.violate(promise.Fairness, "%v is granted before %v, which came earlier",
					r.id, other.id)
			}
		}
	}
}

// checkQueued checks that a request waits only if it must.
func (o *order) checkQueued(r *request) {
	if r.state != asked || !r.wait {
		o.w.violate(promise.BoundedWait, "%v is queued, and may not wait", r.id)
	}
}

// checkRound checks what must be true when the loop rests: no request waits that could be granted, and sessions whose
// time is over have left nothing.
func (o *order) checkRound(now time.Duration) {
	o.checkOverdue(now)
	m := o.w.broker.machine
	if due, some := m.Deadline(now); some && due <= now {
		return // the loop is not done: it works in slices
	}
	o.checkLeaving(now)
	if o.touched == 0 || o.drains {
		return
	}
	if pause := m.Pause(now); pause != "" {
		if pause == wire.PauseNoTokens {
			o.w.counts.add(SawNoTokens)
		}
		return
	}
	touched := o.touched
	o.touched = 0
	for i := range o.locks {
		if touched&(1<<i) == 0 || len(o.locks[i].queue) == 0 {
			continue
		}
		first := o.locks[i].queue[0]
		if o.isFirst(first) && o.fits(first) && !first.session.ended {
			o.w.violate(promise.Fairness, "%v waits, its locks are free, and nobody is ahead", first.id)
		}
	}
}

// checkOverdue checks that nothing waits, and nothing holds, for longer than it may.
func (o *order) checkOverdue(now time.Duration) {
	for i := range o.locks {
		for _, r := range o.locks[i].queue {
			if r.due > 0 && r.due <= now {
				o.w.violate(promise.BoundedWait, "%v waits at %v, and its wait was over at %v",
					r.id, now, r.due)
			}
		}
		for _, r := range o.locks[i].holders {
			if r.over > 0 && r.over <= now {
				o.w.violate(promise.Liveness, "%v holds at %v, and its hold was over at %v",
					r.id, now, r.over)
			}
		}
	}
}

// isFirst reports whether a request is at the head of each of its queues.
func (o *order) isFirst(r *request) bool {
	for _, i := range r.locks {
		if o.locks[i].queue[0] != r {
			return false
		}
	}
	return true
}

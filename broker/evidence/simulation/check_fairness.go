package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// checkTurn checks P3: no request that came earlier waits for a lock of r.
func (o *order) checkTurn(r *request) {
	for _, i := range r.locks {
		for _, other := range o.locks[i].queue {
			if other != r && (r.state != queued || other.arrival < r.arrival) && other.session.waitsOn() &&
				!r.requeued && !other.requeued {
				o.w.violate(promise.Fairness, "%v is granted before %v, which came earlier",
					r.id, other.id)
			}
		}
	}
}

// waitsOn reports whether the requests of a session keep their places: it has not ended, or is absent.
func (s *session) waitsOn() bool { return !s.ended || s.absent }

// checkQueued checks that a request waits only if it must.
func (o *order) checkQueued(r *request) {
	if r.state != asked || !r.wait {
		o.w.violate(promise.BoundedWait, "%v is queued, and may not wait", r.id)
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
			if o.b.keepsRecord() {
				break // it may have to be struck off the record first
			}
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

package simulation

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// A futureState is the state of a request in a future that the oracle plays through.
type futureState struct {
	state   requestState
	blocked bool // a request inside it waits
}

// checkDeadlock checks P14 when a nested request is queued or refused. It plays the future through: each holder ends as
// soon as nothing inside it waits, or because its session has ended. Waiters are granted in order. If r is granted in
// this future, there is no deadlock. The lock table finds this out in another way, by a search from r.
func (o *order) checkDeadlock(r *request, refused bool) {
	if r.parent == nil || o.b.keepsRecord() {
		return
	}
	live := o.alive()
	if refused {
		r.future.state = queued
		live = append(live, r)
	}
	queues := make([][]*request, len(o.locks))
	holders := make([][]*request, len(o.locks))
	for i := range o.locks {
		queues[i] = slices.DeleteFunc(slices.Clone(o.locks[i].queue), o.isOverdue)
		holders[i] = slices.DeleteFunc(slices.Clone(o.locks[i].holders), o.isOverdue)
	}
	if refused {
		for _, i := range r.locks {
			queues[i] = append(queues[i], r)
		}
	}
	for playOn(live, queues, holders) && r.future.state == queued {
		continue
	}
	if isStuck := r.future.state == queued; isStuck != refused {
		o.w.violate(promise.Deadlocks, "%v inside %v: refused %v, stuck for ever %v",
			r.id, r.parent.id, refused, isStuck)
	}
}

// alive returns the requests that wait or hold, in the order of arrival, and begins a future with them. A request whose
// time is over has no future, although a slow loop may not have ended it yet.
func (o *order) alive() []*request {
	var live []*request
	for _, r := range o.pool[:o.used] {
		r.future = futureState{state: r.state}
		if o.isOverdue(r) {
			r.future.state = ended
		} else if r.state == queued || r.state == holds {
			live = append(live, r)
		}
	}
	slices.SortFunc(live, func(a, b *request) int { return int(a.arrival - b.arrival) })
	return live
}

// isOverdue reports whether the wait or the hold of a request is over.
func (o *order) isOverdue(r *request) bool {
	now := o.b.now()
	return r.state == queued && r.due > 0 && r.due <= now || r.state == holds && r.over > 0 && r.over <= now
}

// playOn plays a step of the future. It reports whether anything has changed.
func playOn(live []*request, queues, holders [][]*request) (changed bool) {
	for _, r := range live {
		r.future.blocked = false
	}
	for _, r := range live {
		if r.future.state == queued {
			for p := r.parent; p != nil; p = p.parent {
				p.future.blocked = true
			}
		}
	}
	for _, r := range live {
		if r.future.state == holds && (!r.future.blocked || r.session.ended) {
			r.future.state, changed = ended, true
			for _, i := range r.locks {
				holders[i] = without(holders[i], r)
			}
		}
	}
	for _, r := range live {
		if r.future.state == queued && canHold(r, queues, holders) {
			r.future.state, changed = holds, true
			for _, i := range r.locks {
				queues[i] = queues[i][1:]
				holders[i] = append(holders[i], r)
			}
		}
	}
	return changed
}

// canHold reports whether a request is at the head of its queues and fits beside the holders.
func canHold(r *request, queues, holders [][]*request) bool {
	for k, i := range r.locks {
		if len(queues[i]) == 0 || queues[i][0] != r {
			return false
		}
		least := r.limits[k]
		for _, other := range holders[i] {
			least = min(least, other.limitOn(i))
		}
		if len(holders[i])+1 > least {
			return false
		}
	}
	return true
}

package simulation

import (
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// checkGrant checks a grant before it is taken into the order.
func (o *order) checkGrant(r *request, e *locktable.Event) {
	w, now := o.w, o.b.now()
	if e.Locks() != len(r.locks) {
		w.violate(promise.AllOrNothing, "%v asked for %d locks and is granted %d",
			r.id, len(r.locks), e.Locks())
	}
	o.checkCompatible(r)
	if e.Token <= o.greatest {
		w.violate(promise.RisingTokens, "%v is granted token %d after token %d", r.id, e.Token, o.greatest)
	}
	if !r.steal {
		o.checkTurn(r)
	}
	if now < o.grace {
		w.violate(promise.Grace, "%v is granted at %v, in the grace period until %v", r.id, now, o.grace)
	}
	if next := o.b.reservedOnDisk(); w.plan.StateDir && e.Token >= next {
		w.violate(promise.TokenPause, "%v is granted token %d, and the disk has reserved those below %d",
			r.id, e.Token, next)
	}
	if r.due > 0 && r.wait && now >= r.due {
		w.violate(promise.BoundedWait, "%v is granted at %v, and its wait was over at %v", r.id, now, r.due)
	}
	o.checkDrains(r)
	if r.session.ended {
		w.violate(promise.CrashRelease, "%v is granted after the end of its session", r.id)
	}
	if r.state != asked && r.state != queued {
		w.violate(promise.LossTold, "%v is granted twice, or after its end", r.id)
	}
}

// checkCompatible checks P1: in the broker's own order, no two incompatible grants overlap.
func (o *order) checkCompatible(r *request) {
	for k, i := range r.locks {
		least := r.limits[k]
		for _, other := range o.locks[i].holders {
			least = min(least, other.limitOn(i))
		}
		if len(o.locks[i].holders)+1 > least {
			o.w.violate(promise.Exclusion, "%v is granted a lock of %v", r.id, o.locks[i].holders[0].id)
		}
	}
}

// limitOn returns the limit of a request on one of its locks.
func (r *request) limitOn(lock int) int {
	for k, i := range r.locks {
		if i == lock {
			return r.limits[k]
		}
	}
	return noLimit
}

// fits reports whether a request could hold its locks beside their holders.
func (o *order) fits(r *request) bool {
	for k, i := range r.locks {
		least := r.limits[k]
		for _, other := range o.locks[i].holders {
			least = min(least, other.limitOn(i))
		}
		if len(o.locks[i].holders)+1 > least {
			return false
		}
	}
	return true
}

// reservedOnDisk returns the limit of the tokens that the state directory has reserved.
func (b *broker) reservedOnDisk() int64 {
	if b.w.plan.Lasting {
		return b.files.state.Next
	}
	return b.w.disk.state.Next
}

// checkDrains checks that a broker that drains grants nothing. A steal may have waited for a strike that it no longer
// needs, and is granted as the drain begins.
func (o *order) checkDrains(r *request) {
	if o.drains && !(r.steal && o.b.keepsRecord()) {
		o.w.violate(promise.Drain, "%v is granted while the broker drains", r.id)
	}
}

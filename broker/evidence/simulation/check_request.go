package simulation

import (
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// checkUnknown checks an event about a request that was never made.
func (o *order) checkUnknown(e *locktable.Event) {
	if e.Kind != locktable.Refused {
		o.w.violate(promise.LossTold, "%v is %v, and was never made", e.ID, e.Kind)
	}
}

// checkEnd checks an event that ends a request: it ends once, and for a reason that applies.
func (o *order) checkEnd(r *request, e *locktable.Event) {
	if r.state == ended || r.state == asked && !r.steal && !r.session.settles || !o.mayEnd(r, e) {
		o.w.violate(promise.LossTold, "%v is %v, and that does not apply", r.id, e.Kind)
	}
	switch now := o.b.now(); e.Kind {
	case locktable.TimedOut:
		o.w.counts.add(SawTimeout)
	case locktable.ShutDown:
		o.w.counts.add(SawShutDown)
	case locktable.Released:
		r.freed = true
		o.checkMinHold(r)
	case locktable.Lost:
		r.taken = e.Lost == wire.LostEvicted || e.Lost == wire.LostStolen
		o.noteLost(r)
	case locktable.Gone:
		o.noteGone(r)
		if r.state == holds && now < r.session.kept {
			o.w.violate(promise.CrashRelease, "%v loses its locks at %v, and they are kept until %v",
				r.id, now, r.session.kept)
		}
	}
}

// checkMinHold checks that the broker has seen a request hold for its MinHold, unless the broker or the client drains.
// No promise of its own covers this. Elections rely on it, so it counts as P3.
func (o *order) checkMinHold(r *request) {
	n := r.session.conn.node
	if o.drains || n.finishes || n.isOdd || r.inherited || o.b.stood || r.session.settles {
		return
	}
	for _, c := range n.requests {
		if held := o.b.now() - r.begin; c.id == r.id && !c.covered && held < c.plan.MinHold*10/11 {
			o.w.violate(promise.Fairness, "%v has held for %v, and must hold for %v",
				r.id, held, c.plan.MinHold)
		}
	}
}

// mayEnd reports whether a request may end in the way that an event says.
func (o *order) mayEnd(r *request, e *locktable.Event) bool {
	switch e.Kind {
	case locktable.Released, locktable.Lost:
		return r.state == holds
	case locktable.Cancelled:
		return r.cancels || r.session.settles
	case locktable.TimedOut:
		return r.state == queued && r.due > 0 && o.b.now() >= r.due
	case locktable.Evicted:
		return r.state == queued
	case locktable.ShutDown:
		return r.state != holds && o.drains
	case locktable.Gone:
		return r.session.ended
	}
	return false
}

// checkRefusal checks the refusal of an acquire, a release or a cancel.
func (o *order) checkRefusal(r *request, e *locktable.Event) {
	w := o.w
	if r.state != asked {
		if r.state != ended {
			w.violate(promise.LossTold, "%v has not ended, and its release or cancel is refused: %s",
				r.id, e.Code)
		}
		return
	}
	switch e.Code {
	case wire.Unavailable:
		w.counts.add(SawUnavailable)
		if o.isFree(r) && !o.mayBeStolen(false) {
			w.violate(promise.Fairness, "%v is refused although its locks are free", r.id)
		}
	case wire.NotGranting:
		w.counts.add(SawNotGranting)
		if o.mustGrant() {
			w.violate(promise.TokenPause, "%v is refused as if the broker granted nothing", r.id)
		}
	case wire.Deadlock:
		w.counts.add(SawDeadlock)
		o.checkDeadlock(r, true)
	case wire.NotFound:
		if p := r.parent; p != nil && p.state == holds && !p.session.ended {
			w.violate(promise.Deadlocks, "%v is refused inside %v, which holds", r.id, p.id)
		}
	case wire.ShuttingDown:
		w.counts.add(SawShutDown)
		if !o.drains {
			w.violate(promise.Drain, "%v is refused as if the broker drained", r.id)
		}
	default:
		w.violate(promise.Isolation, "%v is refused: %s", r.id, e.Code)
	}
	r.state = ended
}

// isFree reports whether a request could hold its locks at once, and nobody waits for them.
func (o *order) isFree(r *request) bool {
	for _, i := range r.locks {
		if len(o.locks[i].queue) > 0 {
			return false
		}
	}
	return o.fits(r)
}

// mustGrant reports whether there is no reason to grant nothing. Of several brokers, the world does not know when the
// sessions on record have come back.
func (o *order) mustGrant() bool { return o.pause(o.b.now()) == "" && !o.b.keepsRecord() }

package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// endSession notes that a session has ended, and until when its locks are kept.
func (o *order) endSession(s *session, kept time.Duration) {
	s.kept = kept
	if !s.leaves {
		s.leaves = true
		o.leaving = append(o.leaving, s)
	}
}

// checkLeaving checks P7: sessions that have ended leave nothing behind. Their waiters go at once, and their holders
// when their locks are no longer kept.
func (o *order) checkLeaving(now time.Duration) {
	left := o.leaving[:0]
	for _, s := range o.leaving {
		open := false
		for _, r := range s.order {
			switch {
			case r.state == queued:
				o.w.violate(promise.CrashRelease, "%v waits after the end of its session", r.id)
			case r.state == holds && s.kept <= now:
				o.w.violate(promise.CrashRelease, "%v holds at %v, and was kept until %v",
					r.id, now, s.kept)
			}
			open = open || r.state != ended
		}
		if open {
			left = append(left, s)
		}
	}
	o.leaving = left
}

// beginRun notes that a run of the broker begins, with a first token and a grace period that the broker has chosen.
func (o *order) beginRun(first int64, grace time.Duration) {
	w := o.w
	o.drains, o.grace, o.before = false, 0, o.grants
	o.pauses, o.next, o.limit = grace, first, first
	switch {
	case o.unknown:
		o.stale, o.knownFrom = 0, o.b.run // nor do the runs after this one know
	case w.plan.StateDir:
		o.grace = o.stale
	}
	if grace < o.grace {
		w.violate(promise.Grace, "a run begins with a grace period of %v, and must wait %v", grace, o.grace)
	}
	if most := w.mostGrace(); grace > most {
		w.violate(promise.Grace, "a run begins with a grace period of %v, and may wait for %v", grace, most)
	}
	// A copy gives no greater tokens if the runs before reserved more than a million a second.
	reservedMany := int64(o.b.run)*w.plan.Tokens > w.now.Microseconds()
	if o.setBack && !w.plan.StateDir || o.copied && (o.setBack || reservedMany) {
		o.forgetTokens() // the promise does not cover this
	}
}

// mostGrace returns the longest grace period that a run may begin with. Without an earlier run that may have left stale
// holders, there is none.
func (w *World) mostGrace() time.Duration {
	if d := &w.disk; !w.plan.StateDir || !d.known || d.clean {
		return 0
	}
	return w.plan.longestTimeout()
}

// forgetTokens lets the next tokens be lower.
func (o *order) forgetTokens() {
	o.greatest = 0
	for i := range o.w.resources {
		o.w.resources[i] = resource{}
	}
	o.w.forgotten = o.grants
}

// endRun notes that a run has ended. Everything that its sessions held is gone for the broker.
func (o *order) endRun(clean bool) {
	if o.grants > o.before {
		o.stale = o.b.timeout
	}
	if clean {
		o.stale = 0
	}
	for _, s := range o.b.sessions {
		for _, r := range s.order {
			if r.state != ended {
				o.finish(r)
			}
		}
	}
	if o.b.keepsRecord() {
		o.endTerm()
	}
	o.leaving, o.touched = o.leaving[:0], 0
}

// checkStop checks P16 when the broker stops in order: nothing waits, and holders had their time.
func (o *order) checkStop(now time.Duration, held int) {
	o.isClean, o.clean = held == 0 && now >= o.grace, held == 0 && now >= o.pauses
	for i := range o.locks {
		for _, r := range o.locks[i].queue {
			o.w.violate(promise.Drain, "the broker stops while %v waits", r.id)
		}
		for _, r := range o.locks[i].holders {
			if held == 0 || now < o.b.drainEnds {
				o.w.violate(promise.Drain, "the broker stops at %v while %v holds, which has until %v",
					now, r.id, o.b.drainEnds)
			}
		}
	}
}

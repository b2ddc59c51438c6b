package simulation

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file checks P19 and P20: what clients keep, and what they never get back.

// noteLost notes that the broker has ended a request that held. If its client may come back after a crash, that is on
// record.
func (o *order) noteLost(r *request) {
	w := o.w
	if !o.b.keepsRecord() {
		return
	}
	if r.taken {
		w.taken[r.id] = true
	}
	if r.session.conn.node.plan.Resume {
		w.struck[r.token] = true
	}
}

// noteGone notes that a session has ended that nobody has taken up in time. If its client may come back after a crash,
// that is on record.
func (o *order) noteGone(r *request) {
	name := r.id.Session
	if o.b.keepsRecord() && r.session.absent && r.session.conn.node.plan.Resume && !o.b.machine.IsAbsent(name) {
		o.w.gone[name] = true
	}
}

// checkResumed checks a session that is taken up. What was taken from it does not come back, and it keeps everything
// else: its client has stated that it holds it, and nothing has ended it.
func (b *broker) checkResumed(s *session, r *core.Resumption) {
	if b.w.gone[s.name] {
		b.w.violate(promise.NothingBack, "%s is taken up, and had ended", s.name)
	}
	for i := range r.Held {
		held := &r.Held[i]
		answer, id := slices.Contains(r.Holds, held.N), wire.ID{Session: s.name, N: held.N}
		switch known := b.order.requests[id]; {
		case answer && b.w.struck[held.Token]:
			b.w.violate(promise.NothingBack, "%v is taken up with token %d, which was struck off",
				id, held.Token)
		case !answer && known != nil && known.state == holds:
			b.w.violate(promise.Continuity, "%v is taken up and lost, and nothing has ended it", id)
		}
	}
}

// checkRefused checks a session that is not taken up: after a planned move, all sessions of the snapshot can be, until
// their clients must have given up their locks.
func (b *broker) checkRefused(name string) {
	if a := b.absences[name]; a != nil && a.was.ofLastRun && b.machine.IsAbsent(name) && !b.stood &&
		b.restored && b.now() < b.timeout*2/3 {
		b.w.violate(promise.Continuity, "%s is not taken up, and is in the snapshot of the last owner", name)
	}
}

// checkSnapshot checks what an owner leaves to the next one: everything that goes on, and the waiters in their order.
func (o *order) checkSnapshot(left *core.Snapshot) {
	w, saved := o.w, o.checkSaved(left)
	for _, r := range o.pool[:o.used] {
		isLeft := r.state == queued || r.state == holds && !o.isBeingStruck(r)
		if isLeft && !saved[r.id] && o.b.machine.Outlives(r.id.Session) {
			w.violate(promise.Continuity, "%v goes on, and is not in the snapshot", r.id)
		}
		if r.state == holds && !saved[r.id] && (r.condemned || o.stolen) {
			w.taken[r.id] = true // its client hears of it from the next run
		}
	}
}

// checkSaved checks what is in a snapshot, and returns the ids of its requests.
func (o *order) checkSaved(left *core.Snapshot) map[wire.ID]bool {
	w, last, saved := o.w, int64(0), make(map[wire.ID]bool)
	for s := range left.Requests {
		r := o.requests[s.ID]
		saved[s.ID] = true
		switch {
		case r == nil || (s.Token > 0) != (r.state == holds) || (s.Token == 0) != (r.state == queued):
			w.violate(promise.Continuity, "the snapshot is wrong about %v, token %d", s.ID, s.Token)
		case s.Token > 0 || r.requeued:
		case r.arrival < last:
			w.violate(promise.Fairness, "the snapshot has %v behind a request that came later", s.ID)
		default:
			last = r.arrival
		}
	}
	return saved
}

// isBeingStruck reports whether a holder may have to be struck off the record before it ends.
func (o *order) isBeingStruck(r *request) bool {
	return r.condemned || r.over > 0 && r.over <= o.b.now() || o.stolen
}

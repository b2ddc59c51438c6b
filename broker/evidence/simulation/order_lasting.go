package simulation

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file keeps the order of a broker whose sessions can be taken up. Each term has an order of its own. It begins
// with what a snapshot says. After a crash it learns of requests when their clients state them.

// beginTerm begins the order of a term whose first token is first.
func (o *order) beginTerm(first int64) {
	o.reset(o.b)
	o.next, o.limit, o.greatest = first, first, first-1
}

// restore notes that a request of the last owner goes on. s stands for its session.
func (o *order) restore(s *session, saved *locktable.Saved) {
	r := o.learn(s, saved.ID, saved.Locks)
	now := o.b.now()
	if saved.Token == 0 {
		if saved.Wait != locktable.Forever {
			r.due = max(now+saved.Wait, 1)
		}
		r.hold = saved.Hold
		o.enqueue(r)
		return
	}
	o.holdOn(r, saved.Token)
}

// learn notes a request that this broker has not got as an acquire.
func (o *order) learn(s *session, id wire.ID, locks []wire.LockSpec) *request {
	o.begin(s, &wire.Acquire{ID: id, Locks: locks}, o.b.now())
	return o.requests[id]
}

// holdOn notes that a request holds that was granted by an earlier owner.
func (o *order) holdOn(r *request, token int64) {
	o.checkCompatible(r)
	o.arrivals++
	o.live++
	r.state, r.arrival, r.token, r.grant, r.begin, r.inherited = holds, o.arrivals, token, token, o.b.now(), true
	for _, i := range r.locks {
		o.locks[i].holders = append(o.locks[i].holders, r)
	}
}

// state notes what a client states that takes up a session.
func (o *order) state(a *absence, r *core.Resumption) {
	if a == nil {
		return // it had no requests, and has ended with its connection
	}
	for i := range r.Held {
		held := &r.Held[i]
		if id := (wire.ID{Session: r.Claim.Session, N: held.N}); o.requests[id] == nil {
			o.learn(a.was, id, held.Locks)
		}
	}
	for i := range r.Waiting {
		waits := &r.Waiting[i]
		id := wire.ID{Session: r.Claim.Session, N: waits.N}
		if o.requests[id] != nil {
			continue
		}
		q := o.learn(a.was, id, waits.Locks)
		q.requeued, q.had = true, time.Duration(waits.AgeMS)*time.Millisecond-o.b.now()
		if wait, given := waits.WaitMS.Get(); given {
			q.due = time.Duration(wait) * time.Millisecond // from when it is queued again
		}
	}
	a.was.settles = true
}

// reclaim notes which requests hold, by now, of a session that was on record.
func (o *order) reclaim(r *core.Resumption) {
	for i := range r.Held {
		held := &r.Held[i]
		q := o.requests[wire.ID{Session: r.Claim.Session, N: held.N}]
		if q == nil || q.state != asked {
			continue
		}
		if o.b.machine.Table().Compare(q.id, nil).Token == held.Token {
			o.holdOn(q, held.Token)
		}
	}
}

// endTerm ends everything, also what is of sessions that never had a connection to this broker.
func (o *order) endTerm() {
	for _, r := range o.pool[:o.used] {
		if r.state != ended {
			o.finish(r)
		}
	}
}

// mayBeStolen reports whether a steal waits until its victims are struck off the record. Nobody gets their locks
// before. A steal of a session without a connection ends when its turn comes.
func (o *order) mayBeStolen(alsoOfEnded bool) bool {
	if !o.b.keepsRecord() {
		return false
	}
	for _, r := range o.pool[:o.used] {
		if r.steal && r.state == asked && (alsoOfEnded || !r.session.ended) {
			return true
		}
	}
	return false
}

// insert puts a request that waited in an earlier term into a queue: behind those that had waited for longer when this
// term began, and before all others.
func (r *request) insert(queue []*request) []*request {
	at := slices.IndexFunc(queue, func(other *request) bool { return !other.requeued || other.had < r.had })
	if at < 0 {
		at = len(queue)
	}
	return slices.Insert(queue, at, r)
}

// gone notes that a request is gone. One that is looked at again is asked for again.
func (o *order) gone(r *request, e *locktable.Event) {
	if o.revisits && r.state == queued {
		o.w.counts.add(SawRevisit)
		o.leaveQueues(r)
		o.live--
		r.state, r.requeued = asked, false
		return
	}
	o.checkEnd(r, e)
	o.finish(r)
}

package simulation

import (
	"slices"
	"strings"
)

// After a takeover the broker may not see a deadlock: a waiter that comes back is put before others without a search.
// CONTINUITY.md says so. This file excuses a run that ends in that way.

// hasMissedDeadlock reports whether requests of a term that began after a crash wait for one another for ever.
func (w *World) hasMissedDeadlock() bool {
	for _, b := range w.brokers {
		if o := &b.order; o.b.serves && o.isRequeued() && o.isStuck() {
			return true
		}
	}
	return false
}

func (o *order) isRequeued() bool {
	return slices.ContainsFunc(o.pool[:o.used], func(r *request) bool { return r.requeued || r.inherited })
}

// isStuck plays the future through, as checkDeadlock does, and reports whether a request is never granted in it.
func (o *order) isStuck() bool {
	live := o.alive()
	queues := make([][]*request, len(o.locks))
	holders := make([][]*request, len(o.locks))
	for i := range o.locks {
		queues[i], holders[i] = slices.Clone(o.locks[i].queue), slices.Clone(o.locks[i].holders)
	}
	for playOn(live, queues, holders) {
		continue
	}
	return slices.ContainsFunc(live, func(r *request) bool { return r.future.state == queued })
}

// endAtPanic ends a run in which the broker has run into a deadlock that it has not seen before.
func (w *World) endAtPanic() {
	why := recover()
	if text, is := why.(string); is && w.plan.isCluster() && strings.HasSuffix(text, "is in no cycle") {
		w.counts.MissedDeadlocks++
		return
	}
	if why != nil {
		panic(why)
	}
}

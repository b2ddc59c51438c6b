package locktable

import (
	"cmp"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func (o *oracle) Release(now time.Duration, id wire.ID, events []Event) []Event {
	events = o.answer(o.Tick(now, events))
	r := o.find(id)
	if r == nil || !r.held {
		return append(events, Event{Kind: Refused, ID: id, Code: wire.NotHeld})
	}
	event := o.endOf(r, Event{Kind: Released})
	o.remove(r)
	return o.grantAll(append(events, event))
}

func (o *oracle) Cancel(now time.Duration, id wire.ID, events []Event) []Event {
	events = o.answer(o.Tick(now, events))
	r := o.find(id)
	if r == nil {
		return append(events, Event{Kind: Refused, ID: id, Code: wire.NotFound})
	}
	event := o.endOf(r, Event{Kind: Cancelled})
	o.remove(r)
	return o.grantAll(append(events, event))
}

func (o *oracle) Evict(now time.Duration, id wire.ID, by, message string, events []Event) ([]Event, bool) {
	events = o.answer(o.Tick(now, events))
	r := o.find(id)
	if r == nil {
		return events, false
	}
	event := o.endOf(r, Event{Kind: Evicted, By: by, Message: message})
	o.remove(r)
	if r.held {
		event.Kind, event.Lost = Lost, wire.LostEvicted
	}
	return o.grantAll(append(events, event)), true
}

// Forbid looks at the waiting requests of a session one by one, in the order of arrival.
func (o *oracle) Forbid(
	now time.Duration, name string, after int64, budget int, may Check, events []Event,
) (_ []Event, next int64, done bool) {
	events = o.answer(o.Tick(now, events))
	if _, open := o.peers[name]; !open || o.leaving[name] {
		return events, 0, true
	}
	waiters := o.waitersOf(name)
	at := slices.IndexFunc(waiters, func(r *oracleRequest) bool { return r.ID.N == after }) + 1
	for ; at < len(waiters) && budget > 0; at++ {
		r := waiters[at]
		budget -= len(r.Locks)
		isForbidden := slices.ContainsFunc(r.Locks, func(spec wire.LockSpec) bool {
			_, ok := may(spec.Name, spec.Mode, r.Steal)
			return !ok
		})
		if !isForbidden {
			after = r.ID.N
			continue
		}
		event := o.endOf(r, Event{Kind: Forbidden})
		o.remove(r)
		events = append(events, event)
	}
	return o.grantAll(events), after, at >= len(waiters)
}

// waitersOf returns the requests of a session that wait or steal, in the order of arrival.
func (o *oracle) waitersOf(name string) (waiters []*oracleRequest) {
	for _, r := range o.requests {
		if r.ID.Session == name && !r.held {
			waiters = append(waiters, r)
		}
	}
	for _, s := range o.steals {
		if s.ID.Session == name {
			waiters = append(waiters, s.oracleRequest)
		}
	}
	slices.SortFunc(waiters, func(a, b *oracleRequest) int { return cmp.Compare(a.arrival, b.arrival) })
	return waiters
}

// Shut ends the waiting requests name by name. Passing over a name costs as much as ending a
// request.
func (o *oracle) Shut(now time.Duration, budget int, events []Event) ([]Event, bool) {
	events = o.answer(o.Tick(now, events))
	o.shut = true
	for budget > 0 && len(o.steals) > 0 {
		s := o.steals[0]
		budget -= len(s.Locks)
		events = append(events, o.endOf(s.oracleRequest, Event{Kind: ShutDown}))
		o.remove(s.oracleRequest)
	}
	for budget > 0 {
		at := slices.IndexFunc(o.names, func(k *knownName) bool { return k.seq > o.shutAt })
		if at < 0 {
			return events, true
		}
		waiters := o.users(o.names[at].name, false)
		if len(waiters) == 0 {
			o.shutAt = o.names[at].seq
			budget--
			continue
		}
		budget -= len(waiters[0].Locks)
		o.remove(waiters[0])
		events = append(events, o.endOf(waiters[0], Event{Kind: ShutDown}))
	}
	return events, false
}

// Drop ends one request after another, each at an instant of its own: the waiters in the order
// of arrival, then the holders in the order of their grants.
func (o *oracle) Drop(now time.Duration, name string, budget int, events []Event) ([]Event, bool) {
	events = o.Tick(now, events)
	for budget > 0 {
		next := o.nextToEnd(name)
		if next == nil || next.held && o.keep[name] > now {
			break
		}
		events = o.answer(events)
		event := o.endOf(next, Event{Kind: Gone})
		o.remove(next)
		budget -= len(next.Locks)
		events = append(events, event)
	}
	events = o.grantAll(events)
	next := o.nextToEnd(name)
	if next != nil && next.held && o.keep[name] > now {
		o.kept[name] = true
	}
	return events, next == nil || o.kept[name]
}

// nextToEnd returns the request of a session that a drop ends first, or nil.
func (o *oracle) nextToEnd(name string) (next *oracleRequest) {
	all := slices.Clone(o.requests)
	for _, s := range o.steals {
		all = append(all, s.oracleRequest)
	}
	for _, r := range all {
		if r.ID.Session == name && (next == nil || r.endsBefore(next)) {
			next = r
		}
	}
	return next
}

// endsBefore reports whether a drop of their session ends r before other.
func (r *oracleRequest) endsBefore(other *oracleRequest) bool {
	switch {
	case r.held != other.held:
		return other.held
	case r.held:
		return r.token < other.token
	}
	return r.arrival < other.arrival
}

// endOf completes the event with which a request ends. Call it before remove.
func (o *oracle) endOf(r *oracleRequest, event Event) Event {
	event.ID, event.Steal = r.ID, o.reportOf(r)
	event.Lasted, event.Held = o.now-r.since, r.held
	return event
}

// remove removes a request that ends.
func (o *oracle) remove(r *oracleRequest) {
	o.requests = slices.DeleteFunc(o.requests, func(other *oracleRequest) bool { return other == r })
	o.steals = slices.DeleteFunc(o.steals, func(s *oracleSteal) bool { return s.oracleRequest == r })
	if o.nextToEnd(r.ID.Session) == nil {
		delete(o.kept, r.ID.Session)
	}
	for _, spec := range r.Locks {
		o.rest(spec.Name)
	}
}

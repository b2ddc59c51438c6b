package locktable

import (
	"slices"
	"time"
)

// Drop ends one request after another, each an instant of its own: those that
// wait in order of arrival, then those that hold in order of grant.
func (o *oracle) Drop(now time.Duration, name string, budget int, events []Event) ([]Event, bool) {
	events = o.Tick(now, events)
	for budget > 0 {
		next := o.nextToLeave(name)
		if next == nil || next.held && o.keep[name] > now {
			break
		}
		events = o.answer(events)
		event := Event{Kind: Gone, ID: next.ID, Steal: o.stealOf(next)}
		o.remove(next)
		budget -= len(next.Locks)
		events = append(events, event)
	}
	events = o.grantAll(events)
	next := o.nextToLeave(name)
	if next != nil && next.held && o.keep[name] > now {
		o.kept[name] = true
	}
	return events, next == nil || o.kept[name]
}

// nextToLeave is the request of a session that ends first when that is dropped.
func (o *oracle) nextToLeave(name string) (next *wish) {
	all := slices.Clone(o.requests)
	for _, r := range o.raids {
		all = append(all, r.wish)
	}
	for _, w := range all {
		if w.ID.Session == name && (next == nil || w.leavesBefore(next)) {
			next = w
		}
	}
	return next
}

func (w *wish) leavesBefore(other *wish) bool {
	switch {
	case w.held != other.held:
		return other.held
	case w.held:
		return w.token < other.token
	}
	return w.arrival < other.arrival
}

package locktable

import "time"

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
		o.remove(next)
		budget -= len(next.Locks)
		events = append(events, Event{Kind: Gone, ID: next.ID})
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
	for _, w := range o.requests {
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

package locktable

import (
	"cmp"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A raid is a steal that the oracle has under way.
type raid struct {
	*wish
	told Steal
}

// steal begins a raid.
func (o *oracle) steal(w *wish, events []Event) []Event {
	o.arrivals++
	w.arrival = o.arrivals
	o.raids = append(o.raids, &raid{wish: w})
	for _, spec := range w.Locks {
		o.use(spec.Name)
	}
	return o.grantAll(o.rob(events))
}

// rob ends those who hold what the first raid is after, lock by lock, then grants it, and so on
// as long as there is loot.
func (o *oracle) rob(events []Event) []Event {
	for len(o.raids) > 0 && o.loot > 0 && o.grants() {
		events = o.answer(events)
		r := o.raids[0]
		switch victim := o.victim(r); {
		case o.leaving[r.ID.Session]:
			o.loot -= len(r.Locks)
			o.remove(r.wish)
			events = append(events, Event{Kind: Gone, ID: r.ID, Steal: &r.told})
		case victim != nil:
			o.loot -= len(victim.Locks)
			if r.told.Count++; r.told.Count <= 8 {
				r.told.Victims = append(r.told.Victims, o.describe(victim, victim.Locks[0].Name))
			}
			o.remove(victim)
			events = append(events, Event{Kind: Lost, ID: victim.ID, Lost: wire.LostStolen, By: r.By})
		default:
			o.loot -= len(r.Locks)
			o.raids = o.raids[1:]
			o.requests = append(o.requests, r.wish)
			slices.SortFunc(o.requests, func(a, b *wish) int { return cmp.Compare(a.arrival, b.arrival) })
			event := o.grant(r.wish)
			event.Steal = &r.told
			events = append(events, event)
		}
	}
	return events
}

func (o *oracle) victim(r *raid) *wish {
	for _, spec := range r.Locks {
		if holders := o.users(spec.Name, true); len(holders) > 0 {
			return holders[0]
		}
	}
	return nil
}

// raidOf is the raid for w, or nil.
func (o *oracle) raidOf(w *wish) *raid {
	for _, r := range o.raids {
		if r.wish == w {
			return r
		}
	}
	return nil
}

// stealOf is what an event tells that ends w.
func (o *oracle) stealOf(w *wish) *Steal {
	if r := o.raidOf(w); r != nil {
		return &r.told
	}
	return nil
}

// isTaken reports whether a raid is after that name.
func (o *oracle) isTaken(name string) bool {
	return slices.ContainsFunc(o.raids, func(r *raid) bool {
		_, on := r.on(name)
		return on
	})
}

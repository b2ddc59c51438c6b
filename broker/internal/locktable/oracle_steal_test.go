package locktable

import (
	"cmp"
	"slices"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An oracleSteal is a steal that the oracle has under way.
type oracleSteal struct {
	*oracleRequest
	report Steal
}

// steal begins a steal.
func (o *oracle) steal(r *oracleRequest, events []Event) []Event {
	o.arrivals++
	r.arrival = o.arrivals
	o.steals = append(o.steals, &oracleSteal{oracleRequest: r})
	for _, spec := range r.Locks {
		o.use(spec.Name)
	}
	return o.grantAll(o.continueSteals(events))
}

// continueSteals ends the holders of the first steal's locks, lock by lock, and then grants the
// steal. It continues with the next steal while there is room.
func (o *oracle) continueSteals(events []Event) []Event {
	for len(o.steals) > 0 && o.stealRoom > 0 && o.grants() {
		events = o.answer(events)
		s := o.steals[0]
		switch victim := o.victim(s); {
		case o.leaving[s.ID.Session], o.absent[s.ID.Session]:
			o.stealRoom -= len(s.Locks)
			events = append(events, o.endOf(s.oracleRequest, Event{Kind: Gone}))
			o.remove(s.oracleRequest)
		case victim != nil:
			o.stealRoom -= len(victim.Locks)
			if s.report.Count++; s.report.Count <= 8 {
				s.report.Victims = append(s.report.Victims, o.describe(victim, victim.Locks[0].Name))
			}
			o.remove(victim)
			events = append(events, o.endOf(victim, Event{Kind: Lost, Lost: wire.LostStolen, By: s.By}))
		default:
			o.stealRoom -= len(s.Locks)
			o.steals = o.steals[1:]
			o.requests = append(o.requests, s.oracleRequest)
			slices.SortFunc(o.requests, func(a, b *oracleRequest) int {
				return cmp.Compare(a.arrival, b.arrival)
			})
			event := o.grant(s.oracleRequest)
			event.Steal = &s.report
			events = append(events, event)
		}
	}
	return events
}

// victim returns the next holder that a steal ends, or nil.
func (o *oracle) victim(s *oracleSteal) *oracleRequest {
	for _, spec := range s.Locks {
		if holders := o.users(spec.Name, true); len(holders) > 0 {
			return holders[0]
		}
	}
	return nil
}

// isSteal reports whether r is a steal under way.
func (o *oracle) isSteal(r *oracleRequest) bool { return o.reportOf(r) != nil }

// reportOf returns the report of r if it is a steal under way, or nil.
func (o *oracle) reportOf(r *oracleRequest) *Steal {
	for _, s := range o.steals {
		if s.oracleRequest == r {
			return &s.report
		}
	}
	return nil
}

// isTarget reports whether a steal under way takes the lock of that name.
func (o *oracle) isTarget(name string) bool {
	return slices.ContainsFunc(o.steals, func(s *oracleSteal) bool {
		_, on := s.on(name)
		return on
	})
}

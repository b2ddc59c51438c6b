package locktable

import (
	"math"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// grants reports whether anything is granted at all.
func (o *oracle) grants() bool { return o.tokens < o.ceiling && !o.shut }

func (o *oracle) Allow(now time.Duration, ceiling int64, events []Event) []Event {
	events = o.answer(o.Tick(now, events))
	o.ceiling = ceiling
	return o.grantAll(o.continueSteals(events))
}

// grantAll grants the earliest request that can be granted, again and again.
func (o *oracle) grantAll(events []Event) []Event {
	events = o.answer(events)
	for i := 0; i < len(o.requests) && o.grants() && o.pace.grants(len(events), o.coming); i++ {
		r := o.requests[i]
		if !o.mayBeGranted(r) {
			continue
		}
		events = o.answer(append(events, o.grant(r)))
		i = -1
	}
	return events
}

func (o *oracle) mayBeGranted(r *oracleRequest) bool {
	return !r.held && !r.isLate(o.now) && !o.leaving[r.ID.Session] && !o.absent[r.ID.Session] && o.isGrantable(r)
}

func (o *oracle) grant(r *oracleRequest) Event {
	lasted := o.now - r.since
	r.held, r.token, r.since = true, o.tokens, o.now
	o.tokens++
	for _, k := range o.names {
		if _, on := r.on(k.name); on {
			k.grants++
		}
	}
	return Event{Kind: Granted, ID: r.ID, Token: r.token, Lasted: lasted}
}

// isGrantable is the grant rule, for a request that waits or has just come.
func (o *oracle) isGrantable(r *oracleRequest) bool {
	for _, spec := range r.Locks {
		if o.isTarget(spec.Name) {
			return false
		}
		number, least := 1, limitOn(spec)
		for _, other := range o.requests {
			theirs, uses := other.on(spec.Name)
			switch {
			case !uses || other == r:
			case other.held:
				number++
				least = min(least, limitOn(theirs))
			case other.arrival < r.arrival:
				return false
			}
		}
		if number > least {
			return false
		}
	}
	return true
}

func limitOn(spec wire.LockSpec) int {
	limit, limited := spec.Limit.Get()
	switch {
	case spec.Mode == wire.Exclusive:
		return 1
	case limited:
		return limit
	}
	return math.MaxInt
}

// on returns how a request asks for a lock, and whether it does.
func (r *oracleRequest) on(name string) (wire.LockSpec, bool) {
	for _, spec := range r.Locks {
		if spec.Name == name {
			return spec, true
		}
	}
	return wire.LockSpec{}, false
}

package locktable

import (
	"maps"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func (o *oracle) Acquire(now time.Duration, a Acquire, events []Event) []Event {
	o.coming = a.ID
	events = o.Tick(now, events)
	o.coming = wire.ID{}
	events = o.answer(events)
	r := o.requestFor(a)
	atOnce := o.grants() && (o.isGrantable(r) || a.Steal)
	if code, limit := o.refuses(r, atOnce); code != "" {
		event := Event{Kind: Refused, ID: a.ID, Code: code, Limit: limit}
		if code == wire.Unavailable {
			event.Obstacle = o.obstacle(r)
		}
		return append(events, event)
	}
	switch {
	case !atOnce && !a.Parent.IsZero():
		o.candidate = r
		r.leftThen, r.keepThen = maps.Clone(o.leaving), maps.Clone(o.keep)
		return o.answer(events)
	case a.Steal:
		return o.steal(r, events)
	}
	o.register(r)
	if atOnce {
		return o.grantAll(append(events, o.grant(r)))
	}
	return append(events, Event{Kind: Queued, ID: a.ID})
}

// requestFor returns the request that an acquire would make.
func (o *oracle) requestFor(a Acquire) *oracleRequest {
	r := &oracleRequest{Acquire: a, arrival: o.arrivals + 1, since: o.now}
	if parent := o.find(a.Parent); parent != nil {
		r.around = append([]wire.ID{parent.ID}, parent.around...)
	}
	return r
}

// refuses returns why r is refused at once, or the empty code.
func (o *oracle) refuses(r *oracleRequest, atOnce bool) (wire.Code, Limit) {
	switch {
	case o.shut:
		return wire.ShuttingDown, 0
	case o.requestsOf(r.ID.Session) >= o.config.MaxRequests:
		return wire.TooMany, SessionRequests
	case !r.Parent.IsZero() && !o.mayBeParent(r.Parent, r.ID.Session):
		return wire.NotFound, 0
	case !o.grants() && (r.Steal || r.Wait == 0 && o.wouldBeGrantedFirst(r)):
		return wire.NotGranting, 0
	case !atOnce && (r.Wait == 0 || r.Steal):
		return wire.Unavailable, 0
	case !atOnce && r.MaxWaiting > 0 && o.waitingWith(r.ID.Session) >= r.MaxWaiting:
		return wire.TooMany, AccountWaiting
	}
	return "", 0
}

// waitingWith returns how many requests of the account of a session wait, including steals and a
// candidate. Those of sessions that have left do not count.
func (o *oracle) waitingWith(session string) (n int) {
	for _, r := range o.open() {
		if !r.held && o.accounts[r.ID.Session] == o.accounts[session] && !o.leaving[r.ID.Session] {
			n++
		}
	}
	return n
}

// requestsOf returns how many requests a session has, including steals and a candidate.
func (o *oracle) requestsOf(session string) (n int) {
	for _, r := range o.open() {
		if r.ID.Session == session {
			n++
		}
	}
	return n
}

// open returns all requests, including steals and a candidate.
func (o *oracle) open() []*oracleRequest {
	all := slices.Clone(o.requests)
	for _, s := range o.steals {
		all = append(all, s.oracleRequest)
	}
	if o.candidate != nil {
		all = append(all, o.candidate)
	}
	return all
}

// mayBeParent reports whether a session may name that request as a parent.
func (o *oracle) mayBeParent(id wire.ID, session string) bool {
	p := o.find(id)
	return p != nil && p.held && !o.leaving[p.ID.Session] &&
		o.peers[p.ID.Session].Identity == o.peers[session].Identity
}

// wouldBeGrantedFirst reports whether r could be granted if it had come before all waiters.
func (o *oracle) wouldBeGrantedFirst(r *oracleRequest) bool {
	first := *r
	first.arrival = 0
	return o.isGrantable(&first)
}

// register makes r known.
func (o *oracle) register(r *oracleRequest) {
	o.arrivals++
	r.arrival = o.arrivals
	o.requests = append(o.requests, r)
	for _, spec := range r.Locks {
		o.use(spec.Name)
	}
}

// answer decides about the candidate, if the table does so at the same point. It judges by the
// present state, except for which requests must end: these are judged by the time at which the
// candidate came.
func (o *oracle) answer(events []Event) []Event {
	r := o.candidate
	if r == nil || !o.pace.answers(len(events), r.ID) {
		return events
	}
	o.candidate = nil
	now, leaving, keep := o.now, o.leaving, o.keep
	o.now, o.leaving, o.keep = r.since, r.leftThen, r.keepThen
	stuck := o.stuckWith(r)
	o.now, o.leaving, o.keep = now, leaving, keep
	if slices.Contains(stuck, r.ID) {
		o.refused = o.newRefusal(r, stuck)
		return append(events, Event{Kind: Refused, ID: r.ID, Code: wire.Deadlock})
	}
	r.since = o.now
	o.register(r)
	return append(events, Event{Kind: Queued, ID: r.ID})
}

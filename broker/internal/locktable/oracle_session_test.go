package locktable

import (
	"cmp"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// ofSession returns the requests of a session that hold, or the others, in order.
func (o *oracle) ofSession(name string, held bool) (found []*oracleRequest) {
	all := slices.Clone(o.requests)
	for _, s := range o.steals {
		all = append(all, s.oracleRequest)
	}
	for _, r := range all {
		if r.ID.Session == name && r.held == held {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *oracleRequest) int {
		return cmp.Or(cmp.Compare(a.token, b.token), cmp.Compare(a.arrival, b.arrival))
	})
	return found
}

func (o *oracle) Usage(name string) Usage {
	u := Usage{Waiting: len(o.ofSession(name, false))}
	for _, r := range o.ofSession(name, true) {
		u.Holding += len(r.Locks)
	}
	return u
}

func (o *oracle) RequestsOf(
	now time.Duration, name string, most int, events []Event,
) ([]wire.RequestInfo, []Event) {
	events = o.Tick(now, events)
	infos := []wire.RequestInfo{}
	for _, r := range append(o.ofSession(name, true), o.ofSession(name, false)...) {
		if len(infos) < most {
			infos = append(infos, o.describe(r, r.Locks[0].Name))
		}
	}
	return infos, events
}

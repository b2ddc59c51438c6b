package core

import (
	"fmt"
	"slices"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A use counts requests, as the events tell of them. Each counts once for each of its locks, and once
// more for every 256 bytes of a lock's name. waiting is how many requests of open sessions wait.
type use struct{ own, account, all, waiting int }

// uses counts the requests of a session, of its account, and of all.
func (o *observer) uses(session string) (u use) {
	for _, requests := range []map[wire.ID]bool{o.holding, o.waiting} {
		for id := range requests {
			weight := weightOf(o.locks[id])
			u.all += weight
			if id.Session == session {
				u.own += weight
			}
			if shared := o.accounts[session]; shared != nil && o.accounts[id.Session] == shared {
				u.account += weight
				if _, ended := o.ended[id.Session]; o.waiting[id] && !ended {
					u.waiting++
				}
			}
		}
	}
	return u
}

func weightOf(locks []string) (weight int) {
	for _, name := range locks {
		weight += 1 + len(name)/256
	}
	return weight
}

// judge checks the limit for which a request was refused, or NoLimit. It must be called before the
// events of the acquire are seen.
func (o *observer) judge(id wire.ID, over Limit) error {
	o.refused[over]++
	u, weight, want := o.uses(id.Session), weightOf(o.locks[id]), NoLimit
	switch {
	case u.own+weight <= AlwaysRequests || o.machine.IsDraining():
	case u.account+weight > o.quota.Requests:
		want = AccountRequests
	case u.all+weight > o.config.MaxRequests:
		want = AllRequests
	}
	if over != want && (over != AccountWaiting || want != NoLimit) {
		return fmt.Errorf("invariant 7: limit %d for %v, want %d: it counts as %d, others as %+v",
			over, id, want, weight, u)
	}
	return nil
}

// judgeRefused checks that a request was rightly refused for AccountWaiting. It must be called after
// the events of the acquire are seen.
func (o *observer) judgeRefused(id wire.ID) error {
	u := o.uses(id.Session)
	if u.own+weightOf(o.locks[id]) <= AlwaysRequests || u.waiting < o.quota.Waiting {
		return fmt.Errorf("invariant 7: %v may wait: %+v", id, u)
	}
	if o.machine.Table().NextToken() >= o.machine.ledger.allowed {
		return nil // nothing is granted now
	}
	for _, requests := range []map[wire.ID]bool{o.holding, o.waiting} {
		for other := range requests {
			if slices.ContainsFunc(o.locks[other], func(name string) bool {
				return slices.Contains(o.locks[id], name)
			}) {
				return nil
			}
		}
	}
	return fmt.Errorf("invariant 7: nobody has a lock of %v, and it was refused", id)
}

// seeQueued checks that a request may wait.
func (o *observer) seeQueued(id wire.ID) error {
	u := o.uses(id.Session)
	if o.quota.Waiting > 0 && u.waiting >= o.quota.Waiting && u.own+weightOf(o.locks[id]) > AlwaysRequests {
		return fmt.Errorf("invariant 7: %v waits, although others do: %+v", id, u)
	}
	return nil
}

// checkAccounts compares what the table counts with what the events tell.
func (o *observer) checkAccounts() error {
	table := o.machine.Table()
	for session, account := range o.accounts {
		u := o.uses(session)
		if table.InUse() != u.all || table.InUseBy(session) != u.own {
			return fmt.Errorf("the table counts %d requests, %d of %s: want %+v",
				table.InUse(), table.InUseBy(session), session, u)
		}
		want := locktable.Account{InUse: u.account, Waiting: u.waiting}
		if account != nil && *account != want {
			return fmt.Errorf("the account of %s counts %+v, want %+v", session, *account, want)
		}
	}
	return nil
}

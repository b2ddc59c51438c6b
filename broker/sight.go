package broker

import (
	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

const (
	// maxSeen is how many answers a sight remembers.
	maxSeen = 16_384
	// cheapCost is the cost in sight steps from which on a sight remembers answers. A cheaper
	// question takes no longer than the memory.
	cheapCost = 100
	// sightStepsOfStep is how many sight steps make one step of the loop. They are those of
	// access.Permissions.Cost.
	sightStepsOfStep = 4
)

// A sight finds out which locks clients may list. Under a policy with very many globs this takes long,
// so the sight remembers what it has found out, and counts its steps. Only the loop uses it.
type sight struct {
	answers map[question]bool
	steps   int64
}

// A question asks whether the sessions of a party may list a lock.
type question struct {
	party *party
	lock  string
}

// sees reports whether a client with some rights may list a lock.
func (v *sight) sees(by *rights, lock string) bool {
	if !by.mayHide() {
		return true
	}
	cost := by.permissions.Cost()
	if cost <= cheapCost {
		v.steps += int64(cost)
		return by.permissions.Allows(access.List, lock)
	}
	asked := question{by.party, lock}
	visible, known := v.answers[asked]
	if known {
		v.steps += cheapCost
		return visible
	}
	if v.answers == nil || len(v.answers) >= maxSeen {
		v.answers = make(map[question]bool)
	}
	v.steps += int64(cost)
	visible = by.permissions.Allows(access.List, lock)
	v.answers[asked] = visible
	return visible
}

// price returns how many steps sees would take, or 0 if it would take few.
func (v *sight) price(by *rights, lock string) int {
	if !by.mayHide() || by.permissions.Cost() <= cheapCost {
		return 0
	}
	if _, known := v.answers[question{by.party, lock}]; known {
		return 0
	}
	return by.permissions.Cost()
}

// forget forgets all answers, so that the rights to which they belong can be freed.
func (v *sight) forget() { v.answers = nil }

// spent returns how many steps of the loop the sight has taken so far.
func (v *sight) spent() int64 { return v.steps / sightStepsOfStep }

// measure returns how many steps some use of the sight took. The caller counts them: the sight does not.
func (v *sight) measure(use func()) int {
	before := v.steps
	use()
	took := v.steps - before
	v.steps = before
	return int(took)
}

// mayHide reports whether there may be locks that are hidden from a client with these rights.
func (r *rights) mayHide() bool { return r != nil && !r.permissions.AllowsEverywhere(access.List) }

// A view is what one client may be told. Only the loop uses it.
type view struct {
	session string
	rights  *rights
	*sight
}

// viewOf returns what the client of s may be told.
func (l *loop) viewOf(s *session) view { return view{s.name, s.rights, &l.sight} }

// mayHide reports whether there may be locks that are hidden from the client.
func (v view) mayHide() bool { return v.rights.mayHide() }

// sees reports whether the client may list a lock.
func (v view) sees(lock string) bool { return v.sight.sees(v.rights, lock) }

// narrow makes a page of the listing leave out what is hidden from the client.
func (v view) narrow(q *locktable.Query) {
	if !v.mayHide() {
		return
	}
	q.Visible = func(name string) (visible bool, steps int) {
		steps = v.measure(func() { visible = v.sees(name) })
		return visible, steps
	}
	q.Hide = func(info *wire.RequestInfo) (steps int) {
		return v.measure(func() { v.hideRequest(info) })
	}
}

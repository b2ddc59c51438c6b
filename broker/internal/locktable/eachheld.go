package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// EachHeld calls visit for each lock that a session holds, in the order of the grants. It begins after
// the request with the number after, or at the first if after is -1. It stops after about budget locks.
// If it is not done, call it again, with the number that it returns. It is done early if that request
// has been released in the meantime.
func (t *Table) EachHeld(
	name string, after int64, budget int, visit func(lock string, mode wire.Mode),
) (next int64, done bool) {
	s := t.sessions.Get(name)
	if s == nil {
		return 0, true
	}
	r := s.holding.first
	if after >= 0 {
		last := s.requests.get(after)
		if last == nil || last.state != holding {
			return 0, true
		}
		r = last.next
	}
	for ; budget > 0 && r != nil; r = r.next {
		for i := range r.places() {
			p := &r.places()[i]
			visit(p.lock.name, p.mode())
			budget--
		}
		after = r.n
	}
	return after, r == nil
}

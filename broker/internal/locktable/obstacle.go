package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// obstacle describes who is in the way of the waiting request r, or, where r is
// nil, of a request for those locks that has just come.
func (t *Table) obstacle(locks []wire.LockSpec, r *request) *Obstacle {
	o := &Obstacle{}
	told := make(map[*request]bool)
	look := func(l *lock, last *place) {
		for p := l.holders.first; p != nil && len(o.Holders) < wire.MaxHoldersTold; p = p.next {
			if !told[p.request] {
				told[p.request] = true
				o.Holders = append(o.Holders, t.describe(p))
			}
		}
		// Counting costs a step for each request ahead, and everyone else waits
		// meanwhile: hence the bound.
		for p := last; p != nil && o.Ahead < wire.MaxAheadTold; p = p.prev {
			if !told[p.request] {
				told[p.request] = true
				o.Ahead++
			}
		}
	}
	if r != nil {
		for i := range r.places {
			look(r.places[i].lock, r.places[i].prev)
		}
		return o
	}
	for _, spec := range locks {
		if l := t.locks[spec.Name]; l != nil {
			look(l, l.queue.last)
		}
	}
	return o
}

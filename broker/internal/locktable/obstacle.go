package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// obstacle describes who is in the way of the waiting request r, or, where r is
// nil, of a request for those locks that has just come.
func (t *Table) obstacle(locks []wire.LockSpec, r *request) *Obstacle {
	look := look{table: t, steps: wire.MaxAheadTold}
	defer look.close()
	if r != nil {
		for i := range r.places() {
			p := &r.places()[i]
			look.at(p.lock, p.lock.queue.before(p))
		}
		return &look.Obstacle
	}
	for _, spec := range locks {
		if l := t.locks.get(spec.Name); l != nil {
			look.at(l, l.queue.last())
		}
	}
	return &look.Obstacle
}

// A look puts an obstacle together, lock by lock.
type look struct {
	Obstacle
	table *Table
	steps int        // how many more places of queues it looks at: everybody waits meanwhile
	seen  []*request // those that carry its mark
}

// close takes the marks off again.
func (o *look) close() {
	o.table.charge(wire.MaxAheadTold - o.steps)
	for _, r := range o.seen {
		r.seen = false
	}
}

// at looks at the holders of l, and at its queue from last to first.
func (o *look) at(l *lock, last *place) {
	for p := l.holders.first; p != nil && len(o.Holders) < wire.MaxHoldersTold; p = p.next {
		if o.new(p.request) {
			o.Holders = append(o.Holders, o.table.describe(p))
		}
	}
	for p := last; p != nil && o.steps > 0; p = l.queue.before(p) {
		o.steps--
		if o.new(p.request) {
			o.Ahead++
		}
	}
}

// new reports whether r was not seen in this look. Only one that is at several
// locks can have been.
func (o *look) new(r *request) bool {
	if len(r.several) == 0 {
		return true
	}
	if r.seen {
		return false
	}
	r.seen = true
	o.seen = append(o.seen, r)
	return true
}

package locktable

// A nest is what was made directly inside one request, its parent. Together the nests are
// trees: what is in the nest of a request, in the nests of those, and so on, is inside it.
//
// A request that waits keeps the requests around it from ending, because the function that
// made it has not returned yet. It keeps no others: holders beside it go on and end.
//
// When the parent ends, its nest moves into the request around it: a function that has lost
// its lock, and waits inside for another one, still keeps its callers from returning. If
// nothing is around the parent, the nest has no parent any more.
type nest struct {
	parent   *request
	requests []*request

	// Marks of the reduction under way.
	reached  bool
	stuck    int  // how many of requests wait, or have such a one inside
	searched bool // gone through for a cycle
}

// keptKin is how many requests a nest that is empty may keep the room for.
const keptKin = 8

// join puts r into the nest of its parent, if it has one and is not there yet.
func (t *Table) join(r, parent *request) {
	if parent == nil || r.in != nil {
		return
	}
	x := t.extraOf(parent)
	if x.nest == nil {
		x.nest = t.nests.take()
		x.nest.parent = parent
	}
	t.addTo(x.nest, r)
}

func (t *Table) addTo(n *nest, r *request) {
	x := t.extraOf(r)
	x.in, x.nestIndex = n, int32(len(n.requests))
	n.requests = append(n.requests, r)
}

// leave takes r, which ends, out of its tree.
func (t *Table) leave(r *request) {
	own, in := r.nest, r.in
	if own != nil {
		r.nest, own.parent = nil, nil
	}
	if in == nil {
		return
	}
	last := len(in.requests) - 1
	in.requests[r.nestIndex] = in.requests[last]
	in.requests[r.nestIndex].nestIndex = r.nestIndex
	in.requests[last] = nil
	in.requests = in.requests[:last]
	r.in = nil
	around := in.parent
	if last == 0 {
		if around != nil {
			around.nest = nil
		}
		t.discard(in)
	}
	if own != nil && around != nil {
		t.adopt(around, own)
	}
}

// adopt puts all of a nest inside r. The smaller nest is the one that moves, so in the long run each
// request moves a few times only, however deep the tree and however many end.
func (t *Table) adopt(r *request, others *nest) {
	if r.nest == nil {
		r.nest, others.parent = others, r
		return
	}
	if len(r.nest.requests) < len(others.requests) {
		r.nest, others = others, r.nest
		r.nest.parent = r
	}
	t.charge(len(others.requests))
	for _, kin := range others.requests {
		t.addTo(r.nest, kin)
	}
	clear(others.requests)
	others.requests = others.requests[:0]
	t.discard(others)
}

// discard keeps an empty nest for the next parent.
func (t *Table) discard(n *nest) {
	n.parent = nil
	if cap(n.requests) <= keptKin {
		n.unmark()
		t.nests.put(n)
	}
}

// unmark takes the marks of a reduction off.
func (n *nest) unmark() { n.reached, n.stuck, n.searched = false, 0, false }

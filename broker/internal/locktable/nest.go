package locktable

// A nest holds the requests that were made directly inside one request, their parent. Nests
// form trees: the requests in the nest of a request, those in their nests, and so on, are all
// inside it.
//
// A waiting request keeps the requests around it from ending, because the function that made it has
// not returned. It keeps no others from ending: holders beside it end by themselves.
//
// When the parent ends, its nest moves into the request around the parent. A function that has
// lost its lock, and that waits inside for another one, still keeps its callers from returning.
// If nothing is around the parent, the nest no longer has a parent.
type nest struct {
	parent   *request
	requests []*request

	// Marks of the deadlock search under way; see reduction.go.
	reached bool
	blocked int  // how many of requests wait, or have a request inside that waits
	traced  bool // the search for the cycle has been through it
}

// maxSpareNest is the greatest capacity of a nest that is kept as a spare.
const maxSpareNest = 8

// putInside puts r into the nest of its parent, unless it has no parent or is there already.
func (t *Table) putInside(r, parent *request) {
	if parent == nil || r.outer != nil {
		return
	}
	x := t.extraOf(parent)
	if x.inner == nil {
		x.inner = t.nests.get()
		t.bytes += nestBytes
		x.inner.parent = parent
	}
	t.addToNest(x.inner, r)
}

func (t *Table) addToNest(n *nest, r *request) {
	x := t.extraOf(r)
	x.outer, x.nestIndex = n, int32(len(n.requests))
	n.requests = append(n.requests, r)
}

// leaveNest takes r, which ends, out of its tree. What is inside r moves into the request
// around it.
func (t *Table) leaveNest(r *request) {
	inner, outer := r.inner, r.outer
	if inner != nil {
		r.inner, inner.parent = nil, nil
	}
	if outer == nil {
		return
	}
	last := len(outer.requests) - 1
	outer.requests[r.nestIndex] = outer.requests[last]
	outer.requests[r.nestIndex].nestIndex = r.nestIndex
	outer.requests[last] = nil
	outer.requests = outer.requests[:last]
	r.outer = nil
	around := outer.parent
	if last == 0 {
		if around != nil {
			around.inner = nil
		}
		t.discardNest(outer)
	}
	if inner != nil && around != nil {
		t.mergeInto(around, inner)
	}
}

// mergeInto puts all of n inside r. The smaller nest moves. So in the long run each request
// moves only a few times, however deep the tree is and however many requests end.
func (t *Table) mergeInto(r *request, n *nest) {
	if r.inner == nil {
		r.inner, n.parent = n, r
		return
	}
	if len(r.inner.requests) < len(n.requests) {
		r.inner, n = n, r.inner
		r.inner.parent = r
	}
	t.charge(len(n.requests))
	for _, moved := range n.requests {
		t.addToNest(r.inner, moved)
	}
	clear(n.requests)
	n.requests = n.requests[:0]
	t.discardNest(n)
}

// discardNest keeps an empty nest for the next parent, unless it takes much memory.
func (t *Table) discardNest(n *nest) {
	n.parent = nil
	t.bytes -= nestBytes
	if cap(n.requests) <= maxSpareNest {
		n.unmark()
		t.nests.put(n)
	}
}

// unmark removes the marks of a deadlock search.
func (n *nest) unmark() { n.reached, n.blocked, n.traced = false, 0, false }

package locktable

// An owner is who finishes or waits as one: a request and all that were made
// inside it. It waits while any of them does. It lives as long as any of them.
type owner struct {
	requests []*request

	reached  bool // by the reduction under way
	stuck    int  // how many of requests are, there
	searched bool // its requests were gone through for a cycle
}

// keptKin is how many requests an owner that has none may keep the room for.
const keptKin = 8

// join makes r belong to the owner of its parent, if it has one and does not yet.
func (t *Table) join(r, parent *request) {
	if parent == nil || r.owner != nil {
		return
	}
	if parent.owner == nil {
		t.addTo(t.owners.take(), parent)
	}
	t.addTo(parent.owner, r)
	r.parent = parent.n
}

func (t *Table) addTo(o *owner, r *request) {
	x := t.extraOf(r)
	x.owner, x.ownerIndex = o, int32(len(o.requests))
	o.requests = append(o.requests, r)
}

// leave undoes join.
func (t *Table) leave(r *request) {
	o := r.owner
	if o == nil {
		return
	}
	last := len(o.requests) - 1
	o.requests[r.ownerIndex] = o.requests[last]
	o.requests[r.ownerIndex].ownerIndex = r.ownerIndex
	o.requests[last] = nil
	o.requests = o.requests[:last]
	r.owner, r.parent = nil, -1
	if last == 0 && cap(o.requests) <= keptKin {
		o.unmark()
		t.owners.put(o)
	}
}

// unmark takes the marks of a reduction off.
func (o *owner) unmark() { o.reached, o.stuck, o.searched = false, 0, false }

// kinOf reports whether both have the same owner.
func (r *request) kinOf(other *request) bool {
	return r == other || r.owner != nil && r.owner == other.owner
}

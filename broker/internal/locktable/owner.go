package locktable

// An owner is who finishes or waits as one: a request and all that were made
// inside it. It waits while any of them does. It lives as long as any of them.
type owner struct {
	requests []*request

	reached  bool // by the reduction under way
	stuck    int  // how many of requests are, there
	searched bool // its requests were gone through for a cycle
}

// join makes r belong to the owner of its parent, if it does not yet.
func (r *request) join() {
	if r.parent == nil || r.owner != nil {
		return
	}
	if r.parent.owner == nil {
		new(owner).add(r.parent)
	}
	r.parent.owner.add(r)
}

func (o *owner) add(r *request) {
	r.owner, r.ownerIndex = o, len(o.requests)
	o.requests = append(o.requests, r)
}

// leave undoes join, and forgets the parent so that no chain of ended requests
// stays in memory behind a living one.
func (r *request) leave() {
	if o := r.owner; o != nil {
		last := len(o.requests) - 1
		o.requests[r.ownerIndex] = o.requests[last]
		o.requests[r.ownerIndex].ownerIndex = r.ownerIndex
		o.requests[last] = nil
		o.requests = o.requests[:last]
		r.owner = nil
	}
	r.parent = nil
}

// kinOf reports whether both have the same owner.
func (r *request) kinOf(other *request) bool {
	return r == other || r.owner != nil && r.owner == other.owner
}

package locktable

// The first phase of a reduction finds all requests and locks that matter.

// An exploration is how far the phase has come. Each step takes from the first field that has
// something left.
type exploration struct {
	nested  []*request // of the nest at hand
	nests   int        // how many nests were begun
	holder  *place     // the next holder of the lock that was reached last
	earlier *place     // the next place ahead of the request at hand, in one of its queues
	places  []place    // of the request at hand, those still to come
	waiting int        // how many waiting requests were begun
}

// explore looks at one more place, or one more request.
func (d *reduction) explore() bool {
	e := &d.exploration
	switch {
	case len(e.nested) > 0:
		r := e.nested[0]
		e.nested = e.nested[1:]
		d.addWaiting(r)
		d.addInside(r)
	case e.nests < d.nests.len:
		e.nested = d.nests.at(e.nests).requests
		e.nests++
	case e.holder != nil:
		p := e.holder
		e.holder = p.next
		d.room--
		if !d.endsAnyway(p.request) {
			d.addInside(p.request)
		}
	case e.earlier != nil:
		p := e.earlier
		e.earlier = p.lock.queue.before(p)
		d.room--
		if p.request.mark != unmarked {
			e.earlier = nil // its own turn explores the rest of the queue
		} else {
			d.addWaiting(p.request)
		}
	case len(e.places) > 0:
		p := &e.places[0]
		e.places = e.places[1:]
		d.exploreAt(p)
	case e.waiting < d.waiting.len:
		e.places = d.waiting.at(e.waiting).places()
		e.waiting++
	default:
		return false
	}
	return true
}

// exploreAt begins with the requests that are in the way at p.
func (d *reduction) exploreAt(p *place) {
	s := d.reach(p.lock)
	if !s.holdersReached {
		s.holdersReached = true
		d.exploration.holder = p.lock.holders.first
	}
	if p.request == d.candidate {
		s.candidate, d.exploration.earlier = p, p.lock.queue.last()
		return
	}
	d.exploration.earlier = p.lock.queue.before(p)
}

// addInside adds the nest of r: a request that waits inside r keeps r from ending.
func (d *reduction) addInside(r *request) {
	if n := r.inner; n != nil && !n.reached {
		n.reached = true
		d.nests.add(n)
	}
}

// addWaiting adds r if it waits and need not end.
func (d *reduction) addWaiting(r *request) {
	d.room--
	if ending := d.isEnding(r); ending || r.state != waiting && r != d.candidate || r.mark != unmarked {
		return
	}
	r.mark = blocked
	d.waiting.add(r)
}

package locktable

// An exploration is how far a reduction has come in finding all who matter. Each step
// takes from the first of these that has something left.
type exploration struct {
	kin     []*request // of the nest at hand
	nest    int        // which nest is next
	holder  *place     // at the lock that was reached last, and those after it
	earlier *place     // in the queue where the request at hand waits, and those before it
	places  []place    // of the request at hand
	next    int        // of those that wait
}

// explore looks at one more place, or one more request.
func (d *reduction) explore() bool {
	e := &d.exploring
	switch {
	case len(e.kin) > 0:
		r := e.kin[0]
		e.kin = e.kin[1:]
		d.add(r)
		d.enter(r)
	case e.nest < d.nests.len:
		e.kin = d.nests.at(e.nest).requests
		e.nest++
	case e.holder != nil:
		p := e.holder
		e.holder = p.next
		d.room--
		if !d.goes(p.request) {
			d.enter(p.request)
		}
	case e.earlier != nil:
		p := e.earlier
		e.earlier = p.lock.queue.before(p)
		d.room--
		if p.request.part != none {
			e.earlier = nil // it explores the rest of the queue itself
		} else {
			d.add(p.request)
		}
	case len(e.places) > 0:
		p := &e.places[0]
		e.places = e.places[1:]
		d.exploreAt(p)
	case e.next < d.waiting.len:
		e.places = d.waiting.at(e.next).places()
		e.next++
	default:
		return false
	}
	return true
}

// exploreAt begins with those who are in the way at a place.
func (d *reduction) exploreAt(p *place) {
	s := d.standOf(p.lock)
	if !s.read {
		s.read = true
		d.exploring.holder = p.lock.holders.first
	}
	if p.request == d.asked {
		s.last, d.exploring.earlier = p, p.lock.queue.last()
		return
	}
	d.exploring.earlier = p.lock.queue.before(p)
}

// enter lets all that is inside r be looked at, for what waits there keeps r from ending.
func (d *reduction) enter(r *request) {
	if n := r.nest; n != nil && !n.reached {
		n.reached = true
		d.nests.add(n)
	}
}

// add notes r, if it waits.
func (d *reduction) add(r *request) {
	d.room--
	if over := d.isOver(r); over || r.state != waiting && r != d.asked || r.part != none {
		return
	}
	r.part = stuck
	d.waiting.add(r)
}

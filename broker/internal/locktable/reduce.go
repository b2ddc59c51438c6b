package locktable

// The second phase of a reduction counts the requests that block each holder. The third phase
// grants and releases until nothing moves.

// A blockedCount is how far the second phase has come. Each step takes from the first field
// that has something left.
type blockedCount struct {
	nest    *nest  // the next nest around the request at hand in which to count
	waiting int    // how many waiting requests were begun
	holder  *place // the next holder of the lock at hand
	locks   int    // how many locks were begun
}

// countBlocked counts in one nest, or counts one holder of a lock that was reached.
func (d *reduction) countBlocked() bool {
	c := &d.count
	switch {
	case c.nest != nil:
		c.nest = c.nest.addBlocked()
	case c.waiting < d.waiting.len:
		c.nest = d.waiting.at(c.waiting).outer
		c.waiting++
	case c.holder != nil:
		p := c.holder
		c.holder = p.next
		if d.isBlocked(p.request) {
			d.stateOf(p.lock).addHolder(p)
		}
	case c.locks < d.locks.len:
		s := d.locks.at(c.locks)
		c.locks++
		c.holder = s.lock.holders.first
		if s.head = s.lock.queue.first; s.head == nil {
			s.head = s.candidate
		}
		d.recheckHead(s)
	default:
		return false
	}
	return true
}

// addBlocked counts one more blocked request in n. If it is the first, the parent is now
// blocked, too; then addBlocked returns the nest that the parent is in, where it counts next.
// Nests that were not reached do not matter, nor do those around them.
func (n *nest) addBlocked() (outer *nest) {
	if !n.reached {
		return nil
	}
	if n.blocked++; n.blocked > 1 {
		return nil
	}
	return n.parent.outer
}

func (s *reducedLock) addHolder(p *place) {
	s.holders++
	s.least = min(s.least, p.claim)
}

// recheckHead notes that the head of s may be granted.
func (d *reduction) recheckHead(s *reducedLock) {
	if !s.inRecheck {
		s.inRecheck = true
		d.recheck = append(d.recheck, s)
	}
}

// reduce grants one request, or releases one holder.
func (d *reduction) reduce() bool {
	switch {
	case d.candidate.mark != blocked:
		return false
	case d.unblocked != nil:
		d.removeBlocked()
	case len(d.recheck) > 0:
		s := d.recheck[len(d.recheck)-1]
		if d.passEnding(s) {
			return true
		}
		d.recheck = d.recheck[:len(d.recheck)-1]
		s.inRecheck = false
		if s.head != nil && d.isGrantable(s.head.request) {
			d.grant(s.head.request)
		}
	default:
		return false
	}
	return true
}

// passEnding passes over the head of s if it must end, and reports whether it did.
func (d *reduction) passEnding(s *reducedLock) bool {
	if s.head == nil || s.head == s.candidate || !d.isEnding(s.head.request) {
		return false
	}
	s.advanceHead()
	return true
}

// advanceHead makes the next request in the queue of s its head.
func (s *reducedLock) advanceHead() {
	if s.head == s.candidate {
		s.head, s.candidate = nil, nil
		return
	}
	if s.head = s.head.next; s.head == nil {
		s.head = s.candidate
	}
}

// isGrantable is the grant rule.
func (d *reduction) isGrantable(r *request) bool {
	if r.mark != blocked {
		return false // it was not reached, so nothing that was reached waits behind it
	}
	d.steps -= len(r.places())
	for i := range r.places() {
		p := &r.places()[i]
		if s := d.stateOf(p.lock); s.head != p || !s.fits(p.limit()) {
			return false
		}
	}
	return true
}

// fits reports whether one more holder with that limit may hold.
//
// Released holders still count in least, but that changes nothing. At first the holders are no more
// than least. Once one of them is released, there is room for one more under the limits of them
// all.
func (s *reducedLock) fits(limit int) bool {
	return s.holders+1 <= min(limit, s.least.limit())
}

// grant grants r and releases it at once, so its places in the queues pass to the next.
func (d *reduction) grant(r *request) {
	d.steps -= placeCost * len(r.places())
	r.mark = granted
	for i := range r.places() {
		s := d.stateOf(r.places()[i].lock)
		s.advanceHead()
		d.recheckHead(s)
	}
	d.unblocked = r.outer
}

// removeBlocked counts one blocked request fewer in d.unblocked. If it was the last, the parent
// is released, and is no longer blocked in the nest that it is in.
func (d *reduction) removeBlocked() {
	n := d.unblocked
	d.unblocked = nil
	if !n.reached {
		return
	}
	if n.blocked--; n.blocked == 0 {
		d.release(n.parent)
		d.unblocked = n.parent.outer
	}
}

// release takes r out of the holders of the locks that were reached.
func (d *reduction) release(r *request) {
	d.steps -= len(r.places())
	if d.endsAnyway(r) {
		return // it was not counted as a holder
	}
	for i := range r.places() {
		if s := d.stateOf(r.places()[i].lock); s != nil {
			s.holders--
			d.recheckHead(s)
		}
	}
}

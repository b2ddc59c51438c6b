package locktable

// A link is a step on the way along those who are in each other's way: request
// waits at a place of its own because of blocker.
type link struct {
	request     *request
	at, blocker *place
	before      *link // whose blocker is request, or has it inside; nil: the first
	after       *link // set when the way is known
}

// A trace is how far a reduction has come in finding the shortest way from asked,
// along those who are stuck, back to a holder around asked. Each step takes from the first
// of these that has something left.
type trace struct {
	turning *link // on the way that was found, the last whose before does not know it yet
	steps   int   // on that way, as far as it has been turned
	first   *link // of that way, once all of it has been turned

	kin    []*request // of a nest inside the blocker of step
	nests  []*nest    // further ones
	step   *link
	holder *place  // of the lock at hand, and those after it
	head   *place  // of its queue
	places []place // of the request at hand, those still to come
	at     *place  // the one before them
	from   *link   // tells of the request at hand
	next   pile[*link]
	begun  int // of next
}

// trace follows one of those who are in the way.
func (d *reduction) trace() bool {
	w := &d.tracing
	switch {
	case w.turning != nil:
		return w.turn()
	case len(w.kin) > 0:
		r := w.kin[0]
		w.kin = w.kin[1:]
		d.come(r)
	case len(w.nests) > 0:
		last := len(w.nests) - 1
		w.kin, w.nests = w.nests[last].requests, w.nests[:last]
	case w.holder != nil:
		p := w.holder
		w.holder = p.next
		if d.stays(p.request) {
			d.follow(p)
		}
	case w.head != nil:
		p := w.head
		w.head = nil
		d.follow(p)
	case len(w.places) > 0:
		if d.isClean(d.stand(w.places[0].lock)) {
			w.at = &w.places[0]
			w.places = w.places[1:]
			d.traceAt()
		}
	case w.from == nil:
		d.asked.part = found
		d.traceFrom(&link{request: d.asked})
	case w.begun < w.next.len:
		w.begun++
		d.traceFrom(w.next.at(w.begun - 1))
	default:
		panic("locktable: " + d.asked.id().String() + " can never be granted, and is in no cycle")
	}
	return true
}

func (d *reduction) traceFrom(l *link) {
	d.tracing.from, d.tracing.places = l, l.request.places()
}

// traceAt begins with those who are in the way at the place at hand in the end: who holds the
// lock, if it does not fit and they were not looked at before, and the head of the queue.
func (d *reduction) traceAt() {
	w := &d.tracing
	s := d.stand(w.at.lock)
	if !s.looked && !s.fits(w.at.limit()) {
		s.looked = true
		w.holder = w.at.lock.holders.first
	}
	if s.head != w.at {
		w.head = s.head
	}
}

// follow notes that a blocker is in the way at the place at hand, and goes on with the
// reason why it does not go away: it is stuck itself, or has those inside that are.
func (d *reduction) follow(blocker *place) {
	w := &d.tracing
	d.steps -= placeCost
	w.step = &link{request: w.from.request, before: w.from.before, at: w.at, blocker: blocker}
	d.come(blocker.request)
}

// come looks at the blocker of the step at hand, or at one inside it. Each nest is gone
// through once. When it comes to asked, the way is found.
func (d *reduction) come(r *request) {
	w := &d.tracing
	if r == d.asked {
		w.turning, w.steps = w.step, 1
		return
	}
	if r.part == stuck {
		r.part = found
		w.next.add(&link{request: r, before: w.step})
	}
	if n := r.nest; n != nil && n.stuck > 0 && !n.searched {
		n.searched = true
		w.nests = append(w.nests, n)
	}
}

// turn lets one more of the way know who comes after it. It reports whether there is
// another one.
func (w *trace) turn() bool {
	l := w.turning
	if l.before == nil {
		w.first = l
		return false
	}
	l.before.after = l
	w.turning = l.before
	w.steps++
	return true
}

// way returns the first link of the way that l is the last of. It is for short ways.
func (l *link) way() *link {
	for ; l.before != nil; l = l.before {
		l.before.after = l
	}
	return l
}

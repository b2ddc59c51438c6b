package locktable

import "time"

// A reduction finds out who could ever be granted: if every request that holds is
// released as soon as nothing inside it waits, what that frees is granted by the
// ordinary rule, and so on, until nothing moves any more. (Holt, "Some Deadlock
// Properties of Computer Systems", 1972, calls this the reduction of a resource
// graph.) Nothing is inside one that has just been granted, so it is released at once.
//
// The order does not matter. What can be granted stays so until it is: nobody
// comes before it in its queues, and holders only leave. So who is left waiting at the
// end can never be granted, in any order.
//
// It looks no further than the request that it begins with can reach: for each request
// that waits, the holders of the locks it waits for, everything inside those holders, and
// the requests ahead of it in the queues. Requests that were already over when it began,
// and have not been ended yet, are passed over.
//
// It goes on step by step, through the phases below. What it has reached must not
// change meanwhile; see search.go.
type reduction struct {
	table  *Table
	asked  *request // it waits behind everybody; the queues do not have it yet
	number int64    // of all reductions
	now    time.Duration
	left   int64 // sessions that left later have not left
	room   int   // how many more places it looks at; below 0: it has given up
	steps  int   // that are left in this slice
	phase  phase

	// What was reached carries marks (part, stand and stuck, nil outside of a
	// reduction), and is listed here so that they are taken off again. With maps
	// in their place a search among 10,000 sessions took 2 times as long.
	waiting pile[*request]
	stands  pile[*stand]
	nests   pile[*nest]

	exploring exploration
	counting  count
	todo      []*stand // whose head may be granted
	rising    *nest    // in which one fewer is stuck since the last step, or nil
	tracing   trace
}

// A phase is what a reduction is about to do.
type phase uint8

const (
	explores phase = iota // finds all who matter
	counts                // counts what keeps each holder, and the holders of each lock that stay
	reduces               // grants, and lets holders release
	traces                // finds the cycle, if the request was not granted
	answered
)

// A part is what a waiting request plays in a reduction.
type part uint8

const (
	none  part = iota // not reached
	stuck             // not granted yet
	found             // never to be granted, and come to on the way back
	freed             // granted
)

// A stand is how far a lock has come in the reduction.
type stand struct {
	lock    *lock
	last    *place        // that of asked, behind the queue, or nil
	head    *place        // of the queue; nil: nobody is left
	holders int           // that stay
	limits  heapOf[least] // of holders with a limit, and of some that have left
	read    bool          // its holders were reached
	looked  bool          // its holders were gone through for a cycle
	todo    bool          // it is among those whose head may be granted
}

// A least is a holder among the limits of a stand.
type least struct{ *place }

func (p least) before(other least) bool { return p.claim < other.claim }
func (p least) setIndex(int)            {}

// searchPlaces is how many places at locks a reduction may look at, some of them
// up to three times: enough for a queue of 100,000.
const searchPlaces = 300_000

// begin begins the reduction for a request that would have to wait.
func (t *Table) begin(asked *request) *reduction {
	t.searches++
	d := &reduction{table: t, asked: asked, number: t.searches, now: t.now, left: t.leaves, room: searchPlaces}
	for i := range asked.places() {
		d.standOf(asked.places()[i].lock) // from now on they are relied on
	}
	d.add(asked)
	return d
}

// goOn does so many steps, or a few more, and reports whether the answer is known.
func (d *reduction) goOn(steps int) bool {
	d.steps = steps
	for d.steps > 0 && d.phase != answered {
		d.steps--
		if !d.step() {
			d.phase++
		}
		if d.room < 0 || d.phase == traces && d.asked.part == freed {
			d.phase = answered
		}
	}
	d.table.charge(steps - d.steps)
	return d.phase == answered
}

// step does a step of the phase, and reports whether there may be another one.
func (d *reduction) step() bool {
	switch d.phase {
	case explores:
		return d.explore()
	case counts:
		return d.count()
	case reduces:
		return d.reduce()
	}
	return d.trace()
}

// unmark takes so many marks off again, and reports whether all are off.
func (d *reduction) unmark(most int) bool {
	for ; most > 0; most-- {
		d.table.charge(1)
		switch {
		case d.waiting.len > 0:
			d.waiting.pop().part = none
		case d.stands.len > 0:
			d.stands.pop().lock.stand = 0
		case d.nests.len > 0:
			d.nests.pop().unmark()
		default:
			return true
		}
	}
	return false
}

// isOver reports whether r was about to end when the reduction began. One whose locks a theft
// under way is after was not: the theft may be given up, and then it keeps them.
func (d *reduction) isOver(r *request) bool {
	s := r.session
	s.reached = d.number
	return r.dueIndex >= 0 && r.due <= d.now ||
		s.leaving && s.left <= d.left && (r.state == waiting || s.keep <= d.now || s.unkept > 0 && s.unkept <= d.left)
}

// stand is the stand of l, nil if l was not reached.
func (d *reduction) stand(l *lock) *stand {
	if l.stand == 0 {
		return nil
	}
	return d.stands.at(int(l.stand) - 1)
}

// standOf is the stand of l, made the first time.
func (d *reduction) standOf(l *lock) *stand {
	if s := d.stand(l); s != nil {
		return s
	}
	s := &stand{lock: l}
	d.stands.add(s)
	l.stand = int32(d.stands.len)
	return s
}

// A count is how far a reduction has come in counting.
type count struct {
	stuck  int    // which of those that wait is next
	around *nest  // of the one before: what it keeps from ending, as far as that was not counted
	next   int    // which stand
	holder *place // of the stand before, those still to come
}

// count counts in one nest, or a holder of a lock that was reached.
func (d *reduction) count() bool {
	c := &d.counting
	switch {
	case c.around != nil:
		c.around = c.around.keep()
	case c.stuck < d.waiting.len:
		c.around = d.waiting.at(c.stuck).in
		c.stuck++
	case c.holder != nil:
		p := c.holder
		c.holder = p.next
		if d.stays(p.request) {
			d.stand(p.lock).addHolder(p)
		}
	case c.next < d.stands.len:
		s := d.stands.at(c.next)
		c.next++
		c.holder = s.lock.holders.first
		if s.head = s.lock.queue.first; s.head == nil {
			s.head = s.last
		}
		d.lookAt(s)
	default:
		return false
	}
	return true
}

// keep notes that one more in the nest is stuck. It returns the nest in which that counts next:
// the parent is stuck since, too. No parent is wanted of a nest that was not reached,
// nor of those around it.
func (n *nest) keep() (around *nest) {
	if !n.reached {
		return nil
	}
	if n.stuck++; n.stuck > 1 {
		return nil
	}
	return n.parent.in
}

// stays reports whether a request that holds cannot be released yet.
func (d *reduction) stays(r *request) bool {
	return r.nest != nil && r.nest.stuck > 0 && !d.goes(r)
}

// goes reports whether a request that holds ends whatever waits inside it: it is about to, or nobody is left who
// would wait for that, because its session had left when the reduction began.
func (d *reduction) goes(r *request) bool {
	return d.isOver(r) || r.session.leaving && r.session.left <= d.left
}

func (s *stand) addHolder(p *place) {
	s.holders++
	if p.claim < infinite {
		s.limits.add(least{p})
	}
}

// lookAt notes that the head of s may be granted.
func (d *reduction) lookAt(s *stand) {
	if !s.todo {
		s.todo = true
		d.todo = append(d.todo, s)
	}
}

// reduce grants one request, or lets one that holds release.
func (d *reduction) reduce() bool {
	switch {
	case d.asked.part != stuck:
		return false
	case d.rising != nil:
		d.rise()
	case len(d.todo) > 0:
		s := d.todo[len(d.todo)-1]
		if !d.isReady(s) {
			return true
		}
		d.todo = d.todo[:len(d.todo)-1]
		s.todo = false
		if s.head != nil && d.grantable(s.head.request) {
			d.grant(s.head.request)
		}
	default:
		return false
	}
	return true
}

// isReady does a step of what must be done before the head of s can be looked at:
// it moves on behind requests that are over, and forgets limits of who has left.
func (d *reduction) isReady(s *stand) bool {
	if s.head == nil || s.head == s.last {
		return s.head == nil || d.areClean(s.head.request)
	}
	r := s.head.request
	if d.isOver(r) {
		s.moveOn()
		return false
	}
	return r.part != stuck || d.areClean(r)
}

// areClean reports whether all the locks of r are clean.
func (d *reduction) areClean(r *request) bool {
	for i := range r.places() {
		d.steps--
		if !d.isClean(d.stand(r.places()[i].lock)) {
			return false
		}
	}
	return true
}

// isClean reports whether the least limit of s is that of a holder who stays. If it
// is not, it has been taken away.
func (d *reduction) isClean(s *stand) bool {
	if len(s.limits) == 0 || d.stays(s.limits[0].request) {
		return true
	}
	s.limits.pop()
	d.steps -= placeCost
	return false
}

// moveOn moves the head on to the next.
func (s *stand) moveOn() {
	if s.head == s.last {
		s.head, s.last = nil, nil
		return
	}
	if s.head = s.head.next; s.head == nil {
		s.head = s.last
	}
}

// grantable is the grant rule.
func (d *reduction) grantable(r *request) bool {
	if r.part != stuck {
		return false // not reached: nobody who was waits behind it
	}
	for i := range r.places() {
		p := &r.places()[i]
		if s := d.stand(p.lock); s.head != p || !s.fits(p.limit()) {
			return false
		}
	}
	return true
}

// fits is for a stand that is clean.
func (s *stand) fits(limit int) bool {
	if len(s.limits) > 0 {
		limit = min(limit, s.limits[0].limit())
	}
	return s.holders+1 <= limit
}

// grant lets r hold and release, which leaves its place in the queues to the next.
func (d *reduction) grant(r *request) {
	d.steps -= placeCost * len(r.places())
	r.part = freed
	for i := range r.places() {
		s := d.stand(r.places()[i].lock)
		s.moveOn()
		d.lookAt(s)
	}
	d.rising = r.in
}

// rise takes one that is no longer stuck out of the count of its nest. When that was the last, the
// parent is released, and no longer stuck in the nest that it is in.
func (d *reduction) rise() {
	n := d.rising
	d.rising = nil
	if !n.reached {
		return
	}
	if n.stuck--; n.stuck == 0 {
		d.release(n.parent)
		d.rising = n.parent.in
	}
}

// release takes r out of the holders of those locks that were reached.
func (d *reduction) release(r *request) {
	d.steps -= len(r.places())
	if d.goes(r) {
		return
	}
	for i := range r.places() {
		if s := d.stand(r.places()[i].lock); s != nil {
			s.holders--
			d.lookAt(s)
		}
	}
}

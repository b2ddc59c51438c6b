package locktable

// A reduction finds out who could ever be granted: if every owner that does not
// wait goes on to finish and releases what it holds, what that frees is granted
// by the ordinary rule, and so on, until nothing moves any more.
//
// The order does not matter. What can be granted stays so until it is: nobody
// comes before it in its queues, and holders only leave, but for those who are
// granted the same lock, and they were before it in the queue. So who is left
// waiting at the end can never be granted, in any order.
//
// It looks at what the request that it begins with can reach, and no further:
// who holds a lock that a reached request waits for, who waits for it earlier,
// and all requests of their owners. What is over already, and only waits for
// its turn to be ended, is passed over.
type reduction struct {
	table *Table
	asked *request // it waits behind everybody; the queues do not have it yet
	room  int      // how many more places it looks at; below 0: it has given up

	// What was reached carries marks (part, stand and stuck, nil outside of a
	// reduction), and is listed here so that they are taken off again. With maps
	// in their place a search among 10,000 owners took 2 times as long.
	waiting []*request
	stands  []*stand
	owners  []*owner

	todo []*stand // whose head may be granted
}

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
	last    *place // that of asked, behind the queue, or nil
	head    *place // of the queue; nil: nobody is left
	holders int
	granted []*place      // holders that have come in the reduction
	limits  heapOf[least] // of holders with a limit, and of some that have left
	looked  bool          // its holders were gone through for a cycle
	todo    bool          // it is among those whose head may be granted
}

// A least is a holder among the limits of a stand.
type least struct{ *place }

func (p least) before(other least) bool { return p.claim < other.claim }
func (p least) setIndex(int)            {}

// searchPlaces is how many places at locks a reduction may look at, some of them
// up to three times: enough for a queue of 100,000. Everybody waits meanwhile, up
// to some ten milliseconds.
const searchPlaces = 300_000

// reduce does the whole reduction that begins with asked, unless that would look
// at too many places. It is to be closed.
func (t *Table) reduce(asked *request) *reduction {
	d := &reduction{table: t, asked: asked, room: searchPlaces}
	d.reach(asked)
	for i := 0; i < len(d.waiting) && d.room >= 0; i++ {
		d.explore(d.waiting[i])
	}
	if d.room < 0 {
		return d
	}
	d.finishFirst()
	for _, s := range d.stands {
		d.lookAt(s)
	}
	for len(d.todo) > 0 && asked.part == stuck {
		s := d.todo[len(d.todo)-1]
		d.todo = d.todo[:len(d.todo)-1]
		s.todo = false
		if s.head != nil && d.grantable(s.head.request) {
			d.grant(s.head.request)
		}
	}
	return d
}

// lookAt notes that the head of s may be granted.
func (d *reduction) lookAt(s *stand) {
	if !s.todo {
		s.todo = true
		d.todo = append(d.todo, s)
	}
}

// close takes the marks off again.
func (d *reduction) close() {
	for _, r := range d.waiting {
		r.part = none
	}
	for _, s := range d.stands {
		s.lock.stand = 0
	}
	for _, o := range d.owners {
		o.reached, o.stuck, o.searched = false, 0, false
	}
}

// reach notes a request that is in the way, and what its owner waits for.
func (d *reduction) reach(r *request) {
	switch {
	case r.owner == nil:
		d.add(r)
	case !r.owner.reached:
		r.owner.reached = true
		d.owners = append(d.owners, r.owner)
		for _, kin := range r.owner.requests {
			if d.add(kin); d.room < 0 {
				return
			}
		}
	}
}

func (d *reduction) add(r *request) {
	d.room--
	if r.state != waiting || r.part != none || r.isOver(d.table.now) {
		return
	}
	r.part = stuck
	d.waiting = append(d.waiting, r)
	if r.owner != nil {
		r.owner.stuck++
	}
}

// explore reaches all who are in the way of r.
func (d *reduction) explore(r *request) {
	for i := range r.places() {
		p := &r.places()[i]
		s, queue := d.standOf(p.lock), &p.lock.queue
		before := queue.before(p)
		if r == d.asked {
			s.last, before = p, queue.last()
		}
		for ; before != nil && d.room >= 0; before = queue.before(before) {
			d.room--
			if before.request.part != none {
				break // it explores the rest of the queue itself
			}
			if !before.request.isOver(d.table.now) {
				d.reach(before.request)
			}
		}
	}
}

// standOf returns the stand of l; the first time it reaches all holders.
func (d *reduction) standOf(l *lock) *stand {
	if s := d.stand(l); s != nil {
		return s
	}
	s := &stand{lock: l}
	d.stands = append(d.stands, s)
	l.stand = int32(len(d.stands))
	for p := l.holders.first; p != nil && d.room >= 0; p = p.next {
		d.room--
		if !p.request.isOver(d.table.now) {
			d.reach(p.request)
		}
	}
	return s
}

// stand is the stand of l, nil if l was not reached.
func (d *reduction) stand(l *lock) *stand {
	if l.stand == 0 {
		return nil
	}
	return d.stands[l.stand-1]
}

// finishFirst lets all finish who do not wait from the beginning.
func (d *reduction) finishFirst() {
	for _, s := range d.stands {
		s.head = s.lock.queue.first
		d.skip(s)
		for p := s.lock.holders.first; p != nil; p = p.next {
			if d.stays(p.request) {
				s.addHolder(p)
			}
		}
	}
}

// stays reports whether a request that holds, or was granted here, still does.
func (d *reduction) stays(r *request) bool {
	switch {
	case r.isOver(d.table.now):
		return false
	case r.owner == nil:
		return false // it does not wait, so it finishes
	}
	return r.owner.stuck > 0
}

func (s *stand) addHolder(p *place) {
	s.holders++
	if p.claim < infinite {
		s.limits.add(least{p})
	}
}

// skip moves the head past requests that wait no more.
func (d *reduction) skip(s *stand) {
	for s.head != nil && s.head != s.last && s.head.request.isOver(d.table.now) {
		s.head = s.head.next
	}
	if s.head == nil {
		s.head = s.last
	}
}

// advance moves the head on behind one that was granted.
func (d *reduction) advance(s *stand) {
	if s.head == s.last {
		s.head, s.last = nil, nil
		return
	}
	s.head = s.head.next
	d.skip(s)
}

// grantable is the grant rule.
func (d *reduction) grantable(r *request) bool {
	if r.part != stuck {
		return false // not reached: nobody who was waits behind it
	}
	for i := range r.places() {
		p := &r.places()[i]
		if s := d.stand(p.lock); s.head != p || !d.fits(s, p.limit()) {
			return false
		}
	}
	return true
}

func (d *reduction) fits(s *stand, limit int) bool {
	for len(s.limits) > 0 && !d.stays(s.limits[0].request) {
		s.limits.pop()
	}
	if len(s.limits) > 0 {
		limit = min(limit, s.limits[0].limit())
	}
	return s.holders+1 <= limit
}

// grant makes r a holder, and lets its owner finish if it waited for nothing else.
func (d *reduction) grant(r *request) {
	r.part = freed
	for i := range r.places() {
		p := &r.places()[i]
		s := d.stand(p.lock)
		d.advance(s)
		s.addHolder(p)
		s.granted = append(s.granted, p)
		d.lookAt(s)
	}
	if r.owner == nil {
		d.release(r)
		return
	}
	r.owner.stuck--
	if r.owner.stuck > 0 {
		return
	}
	for _, kin := range r.owner.requests {
		d.release(kin)
	}
}

// release takes r out of the holders of those locks that were reached.
func (d *reduction) release(r *request) {
	if r.isOver(d.table.now) {
		return
	}
	for i := range r.places() {
		if s := d.stand(r.places()[i].lock); s != nil {
			s.holders--
			d.lookAt(s)
		}
	}
}

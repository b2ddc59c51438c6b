package locktable

// The limits of a table are the limits of the holders that are shared with one, lock by lock.
// They are not in the locks, because few locks have any.
type limits struct {
	heaps []heapOf[*place] // the least limit first; heaps[0] belongs to no lock
	free  []int32          // the indexes of heaps that belong to no lock
}

// maxSpareLimits is the greatest capacity that a free heap keeps.
const maxSpareLimits = 64

func newLimits() limits { return limits{heaps: make([]heapOf[*place], 1)} }

// least returns the least limit among the holders of l.
func (s *limits) least(l *lock) int {
	switch {
	case l.holding == 1:
		return l.holders.first.limit()
	case l.holding > 1 && l.slot > 0:
		return s.heaps[l.slot][0].limit()
	}
	return unlimited.limit()
}

// add adds the limit of a holder of its lock.
func (s *limits) add(p *place) {
	l := p.lock
	if l.slot == 0 {
		l.slot = s.allocate()
	}
	s.heaps[l.slot].add(p)
}

// remove removes the limit of a holder that was added.
func (s *limits) remove(p *place) {
	l := p.lock
	s.heaps[l.slot].removeAt(int(p.limitIndex))
	if len(s.heaps[l.slot]) == 0 {
		s.release(l.slot)
		l.slot = 0
	}
}

// allocate returns the index of a heap that no lock has.
func (s *limits) allocate() int32 {
	if last := len(s.free) - 1; last >= 0 {
		at := s.free[last]
		s.free = s.free[:last]
		return at
	}
	s.heaps = append(s.heaps, nil)
	return int32(len(s.heaps) - 1)
}

// release frees a heap. The table keeps little memory for each free heap, and none if there were
// very many heaps and all of them are free.
func (s *limits) release(at int32) {
	if cap(s.heaps[at]) > maxSpareLimits || len(s.free) >= maxSpares {
		s.heaps[at] = nil
	}
	s.free = append(s.free, at)
	if len(s.free) == len(s.heaps)-1 && len(s.free) > maxSpares {
		*s = newLimits()
	}
}

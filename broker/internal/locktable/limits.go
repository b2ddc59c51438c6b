package locktable

// The limits of a table are those of the holders that are shared with a limit,
// lock by lock. They are not in the locks, of which few have any.
type limits struct {
	heaps []heapOf[*place] // the least first; the first heap is no lock's
	free  []int32          // those that no lock has
}

// keptLimits is how many limits a heap that no lock has may keep the room for.
const keptLimits = 64

func newLimits() limits { return limits{heaps: make([]heapOf[*place], 1)} }

// least is the least limit among the holders of l.
func (s *limits) least(l *lock) int {
	switch {
	case l.holding == 1:
		return l.holders.first.limit()
	case l.holding > 1 && l.aside > 0:
		return s.heaps[l.aside][0].limit()
	}
	return infinite.limit()
}

// add adds a holder of its lock.
func (s *limits) add(p *place) {
	l := p.lock
	if l.aside == 0 {
		l.aside = s.take()
	}
	s.heaps[l.aside].add(p)
}

// remove removes one that was added.
func (s *limits) remove(p *place) {
	l := p.lock
	s.heaps[l.aside].removeAt(int(p.limitIndex))
	if len(s.heaps[l.aside]) == 0 {
		s.put(l.aside)
		l.aside = 0
	}
}

func (s *limits) take() int32 {
	if last := len(s.free) - 1; last >= 0 {
		at := s.free[last]
		s.free = s.free[:last]
		return at
	}
	s.heaps = append(s.heaps, nil)
	return int32(len(s.heaps) - 1)
}

// put gives a heap back. Little room is kept, and none when all are free that
// were many.
func (s *limits) put(at int32) {
	if cap(s.heaps[at]) > keptLimits || len(s.free) >= maxSpares {
		s.heaps[at] = nil
	}
	s.free = append(s.free, at)
	if len(s.free) == len(s.heaps)-1 && len(s.free) > maxSpares {
		*s = newLimits()
	}
}

package locktable

// Spares are things whose time is over, kept for the next of their kind: most
// requests come where one has just ended, and cost no allocation then.
type spares[T any] struct {
	free []*T
}

// maxSpares is how many are kept of a kind. What is over beyond that is left to
// the garbage collector, so that memory shrinks again after a rush.
const maxSpares = 1000

func (s *spares[T]) take() *T {
	last := len(s.free) - 1
	if last < 0 {
		return new(T)
	}
	e := s.free[last]
	s.free[last] = nil
	s.free = s.free[:last]
	return e
}

// put keeps e, which nobody may know any more.
func (s *spares[T]) put(e *T) {
	if len(s.free) < maxSpares {
		s.free = append(s.free, e)
	}
}

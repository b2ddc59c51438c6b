package locktable

// Spares are values that have been used and are kept for reuse. Most requests come when
// another has just ended, and then need no allocation.
type spares[T any] struct {
	free []*T
}

// maxSpares is how many values of a type are kept. The rest is left to the garbage collector,
// so that memory shrinks after a rush.
const maxSpares = 1000

// get returns a spare, or a new value if there is none.
func (s *spares[T]) get() *T {
	last := len(s.free) - 1
	if last < 0 {
		return new(T)
	}
	e := s.free[last]
	s.free[last] = nil
	s.free = s.free[:last]
	return e
}

// put keeps e, which nothing else may know.
func (s *spares[T]) put(e *T) {
	if len(s.free) < maxSpares {
		s.free = append(s.free, e)
	}
}

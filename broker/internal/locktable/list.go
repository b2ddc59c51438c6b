package locktable

// A list is an intrusive doubly linked list: the elements carry the links. So removing an element
// from the middle takes constant time, and adding one allocates nothing. An element embeds [links]
// of its own type, and is in at most one list at a time.
//
// A list is a single pointer, because each lock has two lists. The prev of the first element
// is the last one. The next of the last element is nil.
type list[T any, P linked[T]] struct {
	first P
}

// links are the neighbours of an element in its list. To go backwards, call [list.before]:
// the prev of the first element is the last one.
type links[T any] struct {
	prev, next *T
}

type linked[T any] interface {
	*T
	link() *links[T]
}

func (l *links[T]) link() *links[T] { return l }

// last returns the last element, or nil.
func (l *list[T, P]) last() P {
	if l.first == nil {
		return nil
	}
	return l.first.link().prev
}

// before returns the element before e, or nil.
func (l *list[T, P]) before(e P) P {
	if e == l.first {
		return nil
	}
	return e.link().prev
}

func (l *list[T, P]) append(e P) {
	if l.first == nil {
		l.first = e
		e.link().prev = e
		return
	}
	last := P(l.first.link().prev)
	last.link().next = e
	e.link().prev = last
	l.first.link().prev = e
}

// insert puts e behind the last element for which before is true. It begins to look at the end, and returns how many
// it has passed.
func (l *list[T, P]) insert(e P, before func(P) bool) (passed int) {
	after := l.last()
	for ; after != nil && !before(after); passed++ {
		after = l.before(after)
	}
	switch {
	case l.first == nil || after == l.last():
		l.append(e)
	case after == nil:
		*e.link() = links[T]{prev: l.first.link().prev, next: l.first}
		l.first.link().prev = e
		l.first = e
	default:
		next := P(after.link().next)
		*e.link() = links[T]{prev: after, next: next}
		after.link().next, next.link().prev = e, e
	}
	return passed
}

func (l *list[T, P]) remove(e P) {
	prev, next := P(e.link().prev), P(e.link().next)
	if e == l.first {
		l.first = next
	} else {
		prev.link().next = next
	}
	if next != nil {
		next.link().prev = prev
	} else if l.first != nil {
		l.first.link().prev = prev
	}
	*e.link() = links[T]{}
}

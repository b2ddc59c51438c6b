package locktable

// A list is an intrusive doubly linked list: its elements carry the links, so
// that an element leaves from the middle in constant time and joining costs no
// allocation. An element embeds [links] of its own type and is in at most one
// list at a time.
//
// A list is one pointer, for every lock has two: the first element's prev is the
// last one, the last one's next is nil.
type list[T any, P linked[T]] struct {
	first P
}

// links are an element's neighbours in the list that it is in. Who goes backwards
// asks the list for what is [list.before].
type links[T any] struct {
	prev, next *T
}

type linked[T any] interface {
	*T
	link() *links[T]
}

func (l *links[T]) link() *links[T] { return l }

// last is the last element, or nil.
func (l *list[T, P]) last() P {
	if l.first == nil {
		return nil
	}
	return l.first.link().prev
}

// before is the element before e, or nil.
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

package locktable

// A list is an intrusive doubly linked list: its elements carry the links, so
// that an element leaves from the middle in constant time and joining costs no
// allocation. An element embeds [links] of its own type and is in at most one
// list at a time.
type list[T any, P linked[T]] struct {
	first, last P
	len         int
}

// links are an element's neighbours in the list that it is in.
type links[T any] struct {
	prev, next *T
}

type linked[T any] interface {
	*T
	link() *links[T]
}

func (l *links[T]) link() *links[T] { return l }

func (l *list[T, P]) append(e P) {
	e.link().prev, e.link().next = l.last, nil
	if l.last == nil {
		l.first = e
	} else {
		l.last.link().next = e
	}
	l.last = e
	l.len++
}

func (l *list[T, P]) remove(e P) {
	prev, next := P(e.link().prev), P(e.link().next)
	if prev == nil {
		l.first = next
	} else {
		prev.link().next = next
	}
	if next == nil {
		l.last = prev
	} else {
		next.link().prev = prev
	}
	*e.link() = links[T]{}
	l.len--
}

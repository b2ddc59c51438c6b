package broker

// A todoList holds the items that a session has sent but the loop has not handled yet, in order.
type todoList struct{ first, last *todo }

type todo struct {
	item
	next *todo
}

func (t *todoList) push(it item, spare *spareTodos) {
	n := spare.take()
	n.item = it
	if t.first == nil {
		t.first = n
	} else {
		t.last.next = n
	}
	t.last = n
}

// prepend moves all items of other to the front.
func (t *todoList) prepend(other *todoList) {
	if other.first == nil {
		return
	}
	other.last.next = t.first
	if t.last == nil {
		t.last = other.last
	}
	t.first = other.first
	*other = todoList{}
}

// pop removes and returns the first item. The list must not be empty.
func (t *todoList) pop(spare *spareTodos) item {
	n := t.first
	it := n.item
	t.first = n.next
	if t.first == nil {
		t.last = nil
	}
	spare.put(n)
	return it
}

// count returns how many items there are.
func (t *todoList) count() (n int) {
	for item := t.first; item != nil; item = item.next {
		n++
	}
	return n
}

// spareTodos keeps unused todos for reuse.
type spareTodos struct {
	first *todo
	len   int
}

const maxSpareTodos = 4096

func (s *spareTodos) take() *todo {
	n := s.first
	if n == nil {
		return new(todo)
	}
	s.first, s.len = n.next, s.len-1
	n.next = nil
	return n
}

func (s *spareTodos) put(n *todo) {
	*n = todo{}
	if s.len < maxSpareTodos {
		n.next, s.first = s.first, n
		s.len++
	}
}

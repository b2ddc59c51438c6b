package locktable

import "container/heap"

// A heapOf is a heap whose elements know their index, so that an element can be removed from
// the middle. Its exported methods are for container/heap.
type heapOf[T indexed[T]] []T

type indexed[T any] interface {
	before(T) bool
	setIndex(int) // -1: it is no longer in the heap
}

func (h *heapOf[T]) add(e T)           { heap.Push(h, e) }
func (h *heapOf[T]) removeAt(i int)    { heap.Remove(h, i) }
func (h *heapOf[T]) pop() T            { return heap.Pop(h).(T) }
func (h heapOf[T]) Len() int           { return len(h) }
func (h heapOf[T]) Less(i, j int) bool { return h[i].before(h[j]) }

// Swap swaps two elements.
func (h heapOf[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].setIndex(i)
	h[j].setIndex(j)
}

// Push appends e.
func (h *heapOf[T]) Push(e any) {
	e.(T).setIndex(len(*h))
	*h = append(*h, e.(T))
}

// Pop removes the last element and returns it. It also frees memory when most elements of a
// large heap have gone.
func (h *heapOf[T]) Pop() any {
	var none T
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = none
	*h = (*h)[:last]
	if cap(*h) > maxSpares && last < cap(*h)/4 {
		*h = append(make([]T, 0, cap(*h)/2), *h...)
	}
	e.setIndex(-1)
	return e
}

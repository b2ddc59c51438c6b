package core

import (
	"container/heap"
	"time"
)

// deadlines holds the requests whose state changes at a known time: pending ones when their wait is over, holders when
// their term is over, and lingering ones when their MinHold is over. It is a heap ordered by that time, and then by
// the order of the calls.
type deadlines []*Request

// setDeadline sets the deadline of r to due.
func (m *Machine) setDeadline(r *Request, due time.Duration) {
	r.due = due
	heap.Push(&m.deadlines, r)
	m.out.Changed = true
}

// remove removes the deadline of r, if it has one.
func (d *deadlines) remove(r *Request) {
	if r.place > 0 {
		heap.Remove(d, r.place-1)
	}
}

// first returns the request that is due first, or nil.
func (d deadlines) first() *Request {
	if len(d) == 0 {
		return nil
	}
	return d[0]
}

// Len is for package heap.
func (d deadlines) Len() int { return len(d) }

// Less is for package heap.
func (d deadlines) Less(i, j int) bool {
	return d[i].due < d[j].due || d[i].due == d[j].due && d[i].order < d[j].order
}

// Swap is for package heap.
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = i+1, j+1
}

// Push is for package heap.
func (d *deadlines) Push(r any) {
	request := r.(*Request)
	*d = append(*d, request)
	request.place = len(*d)
}

// Pop is for package heap. It gives memory back when little of it is used.
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	r := (*d)[last]
	r.place = 0
	(*d)[last] = nil
	*d = (*d)[:last]
	if cap(*d) > keepOutput && last < cap(*d)/8 {
		*d = append(make(deadlines, 0, 2*last), *d...)
	}
	return r
}

package fair

// Quantum is what a round pays to each share, and to each flow of a share.
const Quantum = 100

// A Queue holds the flows that want a turn. The zero value is empty.
type Queue[T any] struct {
	shares ring[*Share[T], Share[T]]
	len    int
}

// A Share is a group of flows that take turns as one. The zero value has no flows and no debt. A
// share belongs to one queue.
type Share[T any] struct {
	account
	flows ring[*Flow[T], Flow[T]]
}

// A Flow wants turns for its owner.
type Flow[T any] struct {
	account
	Owner T
	share *Share[T]
}

// NewFlow returns a flow for owner that belongs to share.
func NewFlow[T any](owner T, share *Share[T]) Flow[T] { return Flow[T]{Owner: owner, share: share} }

// Len returns how many flows want a turn.
func (q *Queue[T]) Len() int { return q.len }

// Add makes f wait for a turn. f must not be waiting already.
func (q *Queue[T]) Add(f *Flow[T]) {
	q.len++
	f.begin()
	f.share.flows.append(f)
	if f.share.flows.len() == 1 {
		f.share.begin()
		q.shares.append(f.share)
	}
}

// Next removes and returns the flow whose turn it is, or nil if none is waiting. After the turn,
// call Charge on the flow, and then Again or Rest.
func (q *Queue[T]) Next() *Flow[T] {
	if q.len == 0 {
		return nil
	}
	q.len--
	share := q.shares.next()
	f := share.flows.next()
	share.flows.removeFirst()
	if share.flows.len() == 0 {
		q.shares.removeFirst()
	}
	return f
}

// Charge charges f and its share for a turn. Next must have returned f.
func (f *Flow[T]) Charge(cost int) {
	f.credit -= cost
	f.share.credit -= cost
}

// Again makes f, which Next returned last, wait for another turn. f gets the next turn too if its
// credit and its share's credit are still positive.
func (q *Queue[T]) Again(f *Flow[T]) {
	q.len++
	f.share.flows.prepend(f)
	if f.share.flows.len() == 1 {
		q.shares.prepend(f.share)
	}
}

// Rest records that f, which Next returned last, wants no turn for now. f keeps its debt but loses
// its credit.
func (q *Queue[T]) Rest(f *Flow[T]) {
	f.rest()
	if f.share.flows.len() == 0 {
		f.share.rest()
	}
}

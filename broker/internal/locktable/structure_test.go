package locktable

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
)

// checkStructure checks the lists, heaps and indexes themselves, so that the
// other checks may walk them.
func checkStructure(t *Table) error {
	if len(t.freed) > 0 && t.grants() {
		return errors.New("a call left heads that nobody looked at")
	}
	if err := checkHeap(t.freed, func(h head) int { return h.freedIndex }); err != nil {
		return fmt.Errorf("freed: %w", err)
	}
	if err := checkList(t.idle); err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	for name, s := range t.sessions {
		if err := errors.Join(checkList(s.waiting), checkList(s.holding)); err != nil {
			return fmt.Errorf("session %s: %w", name, err)
		}
	}
	for name, l := range t.locks {
		if err := errors.Join(checkRow(l.holders), checkRow(l.queue), checkLimits(l)); err != nil {
			return fmt.Errorf("lock %s: %w", name, err)
		}
		if l.name != name {
			return fmt.Errorf("lock %s is known as %s", l.name, name)
		}
		if err := errors.Join(checkPlaces(l, l.holders), checkPlaces(l, l.queue)); err != nil {
			return err
		}
	}
	return cmp.Or(checkBySeq(t), checkNoMarks(t))
}

// checkNoMarks checks that no reduction has left its marks.
func checkNoMarks(t *Table) error {
	for name, l := range t.locks {
		if l.stand != nil {
			return fmt.Errorf("lock %s carries a mark", name)
		}
	}
	for _, s := range t.sessions {
		for _, r := range s.requests.all() {
			if r.part != none || r.owner != nil && (r.owner.reached || r.owner.stuck != 0) {
				return fmt.Errorf("%s or its owner carries a mark", r.id())
			}
		}
	}
	return nil
}

func checkList[T any, P linked[T]](l list[T, P]) error {
	var last P
	n := 0
	for e := l.first; e != nil; e = P(e.link().next) {
		if P(e.link().prev) != last {
			return fmt.Errorf("element %d does not point back", n)
		}
		last = e
		if n++; n > l.len {
			return fmt.Errorf("more than %d elements", l.len)
		}
	}
	if last != l.last || n != l.len {
		return fmt.Errorf("%d elements, len %d", n, l.len)
	}
	return nil
}

// checkRow checks that places are in order of rank, that exactly the milestones
// think that they are, in their order, and that it is never far from one to the next.
func checkRow(r row) error {
	if err := checkList(r.list); err != nil {
		return err
	}
	stones := &milestones{since: mile}
	if r.milestones != nil {
		stones = r.milestones
	}
	passed, steps, limit := 0, 0, mile
	for p := r.first; p != nil; p = p.next {
		if p.next != nil && p.rank() >= p.next.rank() {
			return fmt.Errorf("%s stands before %s", p.request.id(), p.next.request.id())
		}
		if steps++; p.milestone {
			if passed == len(stones.places) || stones.places[passed] != p {
				return fmt.Errorf("%s is not milestone %d", p.request.id(), passed)
			}
			passed++
			steps = 0
		}
		if passed == len(stones.places) {
			limit = min(stones.since, mile)
		}
		if steps > limit {
			return fmt.Errorf("%d places after milestone %d", steps, passed)
		}
	}
	if passed != len(stones.places) {
		return fmt.Errorf("passed %d milestones, there are %d", passed, len(stones.places))
	}
	return nil
}

func checkHeap[T indexed[T]](h heapOf[T], index func(T) int) error {
	for i, e := range h {
		if index(e) != i {
			return fmt.Errorf("element %d has index %d", i, index(e))
		}
		if e.before(h[(max(i, 1)-1)/2]) && i > 0 {
			return fmt.Errorf("element %d is before the one above it", i)
		}
	}
	return nil
}

// checkLimits checks that exactly the shared holders with a limit are counted.
func checkLimits(l *lock) error {
	limited := 0
	for p := l.holders.first; p != nil; p = p.next {
		counted := p.limitIndex >= 0 && p.limitIndex < len(l.limits) && l.limits[p.limitIndex] == p
		if counted != (p.mode != 0 && p.limit < infinite) {
			return fmt.Errorf("%s: among the limits is %t", p.request.id(), counted)
		}
		if counted {
			limited++
		}
	}
	if limited != len(l.limits) {
		return fmt.Errorf("%d limits, %d holders with one", len(l.limits), limited)
	}
	return checkHeap(l.limits, func(p *place) int { return p.limitIndex })
}

// checkPlaces checks that places, lock and request point at one another.
func checkPlaces(l *lock, places row) error {
	for p := places.first; p != nil; p = p.next {
		own := false
		for i := range p.request.places {
			own = own || p == &p.request.places[i]
		}
		if p.lock != l || !own {
			return fmt.Errorf("a place of %s at %s is not its own", p.request.id(), l.name)
		}
	}
	return nil
}

// checkBySeq checks that the map and the order of first use have the same locks.
func checkBySeq(t *Table) error {
	var last int64
	var err error
	t.bySeq.Scan(func(l *lock) bool {
		if l.seq <= last || l.seq > t.seqs || t.locks[l.name] != l {
			err = fmt.Errorf("lock %s, seq %d after %d, is not the one in the map", l.name, l.seq, last)
		}
		last = l.seq
		return err == nil
	})
	if err == nil && t.bySeq.Len() != len(t.locks) {
		err = fmt.Errorf("%d locks in order, %d in the map", t.bySeq.Len(), len(t.locks))
	}
	return err
}

// all yields the requests of a set with their numbers, and nothing of what is
// only kept for speed: a chunk is counted right and never empty.
func (s *requestSet) all() iter.Seq2[int64, *request] {
	return func(yield func(int64, *request) bool) {
		total := 0
		for at, c := range s.chunks {
			n := 0
			for i, r := range c.requests {
				if r == nil {
					continue
				}
				n++
				if !yield(at*chunkSize+int64(i), r) {
					return
				}
			}
			if n == 0 || n != c.len {
				panic(fmt.Sprintf("a chunk of %d requests counts %d", n, c.len))
			}
			total += n
		}
		if total != s.len {
			panic(fmt.Sprintf("a set of %d requests counts %d", total, s.len))
		}
	}
}

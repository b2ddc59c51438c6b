package locktable

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
)

// checkStructure checks the lists, heaps and indexes themselves, so that the other checks can walk
// them.
func checkStructure(t *Table) error {
	if len(t.recheck) > 0 && t.granting() && t.grantRoom > 0 {
		return fmt.Errorf("a call has not looked at all heads, with room for %d places", t.grantRoom)
	}
	if err := checkHeap(t.recheck, func(h head) int { return int(h.recheckIndex) }); err != nil {
		return fmt.Errorf("recheck: %w", err)
	}
	if err := checkIdleList(&t.idle); err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	for name, s := range t.sessions.All() {
		if err := errors.Join(checkList(s.waiting), checkList(s.holding)); err != nil {
			return fmt.Errorf("session %s: %w", name, err)
		}
	}
	for name, l := range t.locks.all() {
		if err := errors.Join(checkList(l.holders), checkList(l.queue), checkLimits(t, l)); err != nil {
			return fmt.Errorf("lock %s: %w", name, err)
		}
		if h, w := length(l.holders), length(l.queue); int(l.holding) != h || int(l.waiting) != w {
			return fmt.Errorf("lock %s: %d hold, %d wait, not %d and %d", name, h, w, l.holding, l.waiting)
		}
		if l.name != name {
			return fmt.Errorf("lock %s is known as %s", l.name, name)
		}
		if err := errors.Join(checkPlaces(l, l.holders), checkPlaces(l, l.queue)); err != nil {
			return err
		}
	}
	return cmp.Or(checkBySeq(t), checkFreeLimits(t), checkNoMarks(t), checkReuse(t))
}

// checkNoMarks checks that deadlock searches have removed their marks.
func checkNoMarks(t *Table) error {
	if t.Searching() {
		return nil
	}
	for name, l := range t.locks.all() {
		if l.reduced != 0 {
			return fmt.Errorf("lock %s carries a mark", name)
		}
	}
	for _, s := range t.sessions.All() {
		for _, r := range s.requests.all() {
			n := r.inner
			if r.mark != unmarked || r.counted || n != nil && (n.reached || n.blocked != 0 || n.traced) {
				return fmt.Errorf("%s or its nest carries a mark", r.id())
			}
		}
	}
	return nil
}

// checkList checks that the links of l point forward and back.
func checkList[T any, P linked[T]](l list[T, P]) error {
	last, n := l.last(), 0
	for e := l.first; e != nil; e = P(e.link().next) {
		if before := l.before(e); before != nil && P(before.link().next) != e {
			return fmt.Errorf("element %d does not point back", n)
		}
		if next := P(e.link().next); next == nil && e != last || next != nil && P(next.link().prev) != e {
			return fmt.Errorf("element %d is not pointed back to", n)
		}
		n++
	}
	return nil
}

// length returns how many elements l has.
func length[T any, P linked[T]](l list[T, P]) (n int) {
	for e := l.first; e != nil; e = P(e.link().next) {
		n++
	}
	return n
}

// checkIdleList checks the links, and that all slots are used or free.
func checkIdleList(i *idleList) error {
	free := 0
	for at := i.free; at != 0; at = i.slots[at].next {
		if free++; i.slots[at].lock != nil || free > len(i.slots) {
			return fmt.Errorf("slot %d is not free", at)
		}
	}
	if i.len+free+1 != len(i.slots) || i.slots[0].lock != nil {
		return fmt.Errorf("%d slots, %d of them used, %d free", len(i.slots), i.len, free)
	}
	for at := range i.slots {
		slot := i.slots[at]
		if slot.lock != nil && int(slot.lock.slot) != at {
			return fmt.Errorf("lock %s is not in its slot", slot.lock.name)
		}
		if (slot.lock != nil || at == 0) && int(i.slots[slot.next].prev) != at {
			return fmt.Errorf("slot %d is not pointed back to", at)
		}
	}
	if n := len(i.all()); n != i.len {
		return fmt.Errorf("%d elements, len %d", n, i.len)
	}
	return nil
}

// all returns the idle locks in order.
func (i *idleList) all() (all []*lock) {
	for at := i.slots[0].next; at != 0 && len(all) < len(i.slots); at = i.slots[at].next {
		all = append(all, i.slots[at].lock)
	}
	return all
}

// checkHeap checks that h is a heap, and that each element knows its index.
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

// checkLimits checks that the limits of l are exactly those of its holders that have one.
func checkLimits(t *Table, l *lock) error {
	var counted heapOf[*place]
	if l.holding > 0 {
		counted = t.limits.heaps[l.slot]
	}
	limited := 0
	for p := l.holders.first; p != nil; p = p.next {
		i := int(p.limitIndex)
		if listed := i >= 0 && i < len(counted) && counted[i] == p; listed != p.isLimited() {
			return fmt.Errorf("%s: is among the limits: %t", p.request.id(), listed)
		}
		if p.isLimited() {
			limited++
		}
	}
	if limited != len(counted) || l.holding > 0 && (limited == 0) != (l.slot == 0) {
		return fmt.Errorf("%d limits at %d, %d holders with one", len(counted), l.slot, limited)
	}
	return checkHeap(counted, func(p *place) int { return int(p.limitIndex) })
}

// checkFreeLimits checks that each heap of limits belongs to a lock or is free, and that few free ones
// are kept.
func checkFreeLimits(t *Table) error {
	used := 1
	for _, l := range t.locks.all() {
		if l.holding > 0 && l.slot > 0 {
			used++
		}
	}
	if used+len(t.limits.free) != len(t.limits.heaps) {
		return fmt.Errorf("of %d limits %d are used and %d free", len(t.limits.heaps), used, len(t.limits.free))
	}
	kept := 0
	for _, at := range t.limits.free {
		if t.limits.heaps[at] != nil {
			kept++
		}
		if h := t.limits.heaps[at]; len(h) > 0 || cap(h) > maxSpareLimits {
			return fmt.Errorf("limits %d are free, and have %d of %d", at, len(h), cap(h))
		}
	}
	if kept > maxSpares || used == 1 && len(t.limits.heaps) > maxSpares+1 {
		return fmt.Errorf("of %d limits %d are kept, %d in use", len(t.limits.heaps), kept, used)
	}
	return nil
}

// checkPlaces checks that places, locks and requests point to one another.
func checkPlaces(l *lock, places list[place, *place]) error {
	for p := places.first; p != nil; p = p.next {
		own := false
		for i := range p.request.places() {
			own = own || p == &p.request.places()[i]
		}
		if p.lock != l || !own {
			return fmt.Errorf("a place of %s at %s is not its own", p.request.id(), l.name)
		}
	}
	return nil
}

// checkBySeq checks that the index by name and the order of first use have the same locks.
func checkBySeq(t *Table) error {
	var last int64
	var err error
	t.bySeq.Scan(func(l *lock) bool {
		if l.seq <= last || l.seq > t.seqs || t.locks.get(l.name) != l {
			err = fmt.Errorf("lock %s, seq %d after %d, is not the one in the index", l.name, l.seq, last)
		}
		last = l.seq
		return err == nil
	})
	if err == nil && t.bySeq.Len() != t.locks.len {
		err = fmt.Errorf("%d locks in order, %d in the index", t.bySeq.Len(), t.locks.len)
	}
	return err
}

// all yields the requests of a set with their numbers. It panics if a chunk is empty, or has a wrong
// count.
func (s *requestSet) all() iter.Seq2[int64, *request] {
	return func(yield func(int64, *request) bool) {
		total := 0
		for at, c := range s.chunks.All() {
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

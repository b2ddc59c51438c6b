package locktable

// An idleList is the list of the locks that nobody uses, the least recently used first. Its
// links are here and not in the locks: there they would be a quarter of the memory of every
// lock in use.
type idleList struct {
	slots []idleSlot // slots[0] holds the ends: next is the first lock, prev is the last
	free  int32      // the first slot that is not used; its next is another one; 0: none
	len   int
}

type idleSlot struct {
	lock       *lock
	prev, next int32
}

func newIdleList() idleList { return idleList{slots: make([]idleSlot, 1)} }

// first returns the lock that was used least recently, or nil.
func (i *idleList) first() *lock { return i.slots[i.slots[0].next].lock }

func (i *idleList) append(l *lock) {
	at := i.free
	if at == 0 {
		at = int32(len(i.slots))
		i.slots = append(i.slots, idleSlot{})
	} else {
		i.free = i.slots[at].next
	}
	last := i.slots[0].prev
	i.slots[at] = idleSlot{lock: l, prev: last}
	i.slots[last].next, i.slots[0].prev = at, at
	l.slot = at
	i.len++
}

func (i *idleList) remove(l *lock) {
	at := l.slot
	prev, next := i.slots[at].prev, i.slots[at].next
	i.slots[prev].next, i.slots[next].prev = next, prev
	i.slots[at] = idleSlot{next: i.free}
	i.free = at
	l.slot = 0
	i.len--
}

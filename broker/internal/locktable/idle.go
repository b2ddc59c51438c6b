package locktable

// The idle are the locks that nobody holds or waits for, those used least
// recently first. It is a list like any other, but its links are here and not in
// the locks: while a lock is in use they would be a quarter of its memory.
type idleList struct {
	slots []idleSlot // the first is the ends: its next is the first lock, its prev the last
	free  int32      // the first of the slots that are not used; next is the next of them; 0: none
	len   int
}

type idleSlot struct {
	lock       *lock
	prev, next int32
}

func newIdleList() idleList { return idleList{slots: make([]idleSlot, 1)} }

// first is the lock that was used least recently, or nil.
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
	l.aside = at
	i.len++
}

func (i *idleList) remove(l *lock) {
	at := l.aside
	prev, next := i.slots[at].prev, i.slots[at].next
	i.slots[prev].next, i.slots[next].prev = next, prev
	i.slots[at] = idleSlot{next: i.free}
	i.free = at
	l.aside = 0
	i.len--
}

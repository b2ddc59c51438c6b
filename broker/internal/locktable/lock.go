package locktable

// A lock is a name in use, or a name that was in use and is still remembered. There may be
// millions, so a lock has no field that only few need. With these it fills its 64 bytes.
type lock struct {
	name    string
	seq     int64               // its place in the order of first use
	grants  int64               // how many requests were granted on it
	holders list[place, *place] // in order of grant
	queue   list[place, *place] // in order of arrival
	holding int32               // how many holders
	waiting int32               // how many in the queue

	// slot is an index into the idle list while nobody uses the lock. While it has holders
	// that are shared with a limit, slot is an index into the limits. Otherwise it is 0.
	slot    int32
	reduced int32 // in a deadlock search: the number of its reducedLock, from 1; otherwise 0
}

// isOlder reports whether the name of l came into use before the name of other.
func (l *lock) isOlder(other *lock) bool { return l.seq < other.seq }

// enqueue puts p at the end of the queue.
func (l *lock) enqueue(p *place) {
	l.queue.append(p)
	l.waiting++
}

// dequeue takes p out of the queue.
func (l *lock) dequeue(p *place) {
	l.queue.remove(p)
	l.waiting--
}

// addHolder puts p at the end of the holders of its lock.
func (t *Table) addHolder(p *place) {
	p.lock.holders.append(p)
	p.lock.holding++
	if p.isLimited() {
		t.limits.add(p)
	}
}

// removeHolder takes p out of the holders of its lock.
func (t *Table) removeHolder(p *place) {
	p.lock.holders.remove(p)
	p.lock.holding--
	if p.isLimited() {
		t.limits.remove(p)
	}
}

// unused reports whether nobody holds l, waits for it or steals it.
func (t *Table) unused(l *lock) bool { return l.holding == 0 && l.waiting == 0 && !t.isTarget(l) }

// use returns the lock of that name. It makes the lock if the name is not known, and takes
// it out of the idle list if nobody has used it.
func (t *Table) use(name string) *lock {
	l := t.locks.get(name)
	if l == nil {
		t.seqs++
		l = &lock{name: name, seq: t.seqs}
		t.locks.add(l)
		t.bySeq.Set(l)
		t.bytes += l.bytes()
		return l
	}
	if t.unused(l) {
		t.idle.remove(l)
	}
	return l
}

// restIfUnused puts l into the idle list if nobody uses it. If the list has then too many
// locks, the table forgets the one that was used least recently.
func (t *Table) restIfUnused(l *lock) {
	if !t.unused(l) {
		return
	}
	t.idle.append(l)
	if t.idle.len > t.config.MaxIdle {
		oldest := t.idle.first()
		t.idle.remove(oldest)
		t.locks.remove(oldest)
		t.bySeq.Delete(oldest)
		t.bytes -= oldest.bytes()
	}
}

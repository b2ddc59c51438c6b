package locktable

// A lock is a name in use, or one that was in use and is still remembered. There
// may be millions, so it has no field that few of them need: with these it fills
// its 64 bytes.
type lock struct {
	name    string
	seq     int64
	grants  int64
	holders list[place, *place] // in order of grant
	queue   list[place, *place] // in order of arrival
	holding int32               // how many holders
	waiting int32               // how many in the queue

	// Where the table keeps what only some have: its slot among the idle, when
	// nobody uses it; the limits of its holders, when some are shared with one; or 0.
	aside int32
	stand int32 // the number of its stand in the reduction under way, or 0
}

func (l *lock) enqueue(p *place) {
	l.queue.append(p)
	l.waiting++
}

func (l *lock) dequeue(p *place) {
	l.queue.remove(p)
	l.waiting--
}

func (t *Table) addHolder(p *place) {
	p.lock.holders.append(p)
	p.lock.holding++
	if p.isLimited() {
		t.limits.add(p)
	}
}

func (t *Table) removeHolder(p *place) {
	p.lock.holders.remove(p)
	p.lock.holding--
	if p.isLimited() {
		t.limits.remove(p)
	}
}

// fits reports whether one more holder with that limit is allowed.
func (t *Table) fits(l *lock, limit int) bool {
	return int(l.holding)+1 <= min(limit, t.limits.least(l))
}

// unused reports whether nobody holds l, waits for it or steals it.
func (t *Table) unused(l *lock) bool { return l.holding == 0 && l.waiting == 0 && !t.isTaken(l) }

// use returns the lock of that name, made or called back from the idle.
func (t *Table) use(name string) *lock {
	l := t.locks.get(name)
	if l == nil {
		t.seqs++
		l = &lock{name: name, seq: t.seqs}
		t.locks.add(l)
		t.bySeq.Set(l)
		return l
	}
	if t.unused(l) {
		t.idle.remove(l)
	}
	return l
}

// rest puts a lock that nobody uses any more among the idle, and forgets the
// idle lock that was used least recently when they are too many.
func (t *Table) rest(l *lock) {
	if !t.unused(l) {
		return
	}
	t.idle.append(l)
	if t.idle.len > t.config.MaxIdle {
		oldest := t.idle.first()
		t.idle.remove(oldest)
		t.locks.remove(oldest)
		t.bySeq.Delete(oldest)
	}
}

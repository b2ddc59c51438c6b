package locktable

import "github.com/lockbroker/lockbroker/broker/wire"

// A lock is a name in use, or one that was in use and is still remembered.
type lock struct {
	name    string
	seq     int64
	grants  int64
	holders row            // in order of grant
	queue   row            // in order of arrival
	limits  heapOf[*place] // those holders that are shared with a limit
	stand   *stand         // in the reduction under way

	links[lock] // among the idle
}

// fits reports whether one more holder with that limit is allowed.
func (l *lock) fits(limit int) bool {
	return l.holders.len+1 <= min(limit, l.leastLimit())
}

// leastLimit is the least limit among the holders.
func (l *lock) leastLimit() int {
	if l.holders.len == 1 {
		return l.holders.first.limit
	}
	if len(l.limits) > 0 {
		return l.limits[0].limit
	}
	return infinite
}

func (l *lock) addHolder(p *place) {
	l.holders.append(p)
	if p.mode == wire.Shared && p.limit < infinite {
		l.limits.add(p)
	}
}

func (l *lock) removeHolder(p *place) {
	l.holders.remove(p)
	if p.limitIndex >= 0 {
		l.limits.removeAt(p.limitIndex)
	}
}

func (l *lock) unused() bool { return l.holders.len == 0 && l.queue.len == 0 }

// use returns the lock of that name, made or called back from the idle.
func (t *Table) use(name string) *lock {
	l := t.locks[name]
	if l == nil {
		t.seqs++
		l = &lock{name: name, seq: t.seqs}
		t.locks[name] = l
		t.bySeq.Set(l)
		return l
	}
	if l.unused() {
		t.idle.remove(l)
	}
	return l
}

// rest puts a lock that nobody uses any more among the idle, and forgets the
// idle lock that was used least recently when they are too many.
func (t *Table) rest(l *lock) {
	if !l.unused() {
		return
	}
	t.idle.append(l)
	if t.idle.len > t.config.MaxIdle {
		oldest := t.idle.first
		t.idle.remove(oldest)
		delete(t.locks, oldest.name)
		t.bySeq.Delete(oldest)
	}
}

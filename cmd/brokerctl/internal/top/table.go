package top

import "time"

// unknown is the rate of a lock that was read only once.
const unknown = -1

// A lock is an entry of the table.
type lock struct {
	reading
	at   time.Time // of the reading
	rate float64   // grants per second, or unknown

	// When the first holder was granted the lock and the first waiter began to wait, on the clock of this
	// process.
	heldSince, waitsSince time.Time

	sweep int // the latest sweep that has read it
	epoch int // the epoch of that sweep
}

// inUse reports whether the lock has holders or waiters, or was granted between the last two readings: the
// busiest locks are free now and then.
func (l *lock) inUse() bool { return l.holding > 0 || l.waiting > 0 || l.rate > 0 }

// A table keeps the latest reading of each lock. It takes pages in the order in which the scanner sends them.
//
// The pages of a sweep are ordered by seq, and so are the locks of the previous sweep. So a page passes all locks up
// to its last seq. A lock that was passed, but is on no page, is gone.
type table struct {
	locks map[string]*lock
	fresh []*lock // read by this sweep, ordered by seq
	old   []*lock // not passed by this sweep yet, ordered by seq

	sweep   int
	begun   bool
	whole   bool // at least one sweep was complete
	session string
	// Counts of two readings can be compared within an epoch. A new connection starts another epoch: it may
	// lead to another broker, or to one that has restarted.
	epoch   int
	mixed   bool      // old is from another epoch, so its order has no meaning
	endedAt time.Time // end of the latest complete sweep of this epoch, or zero
}

func newTable() *table { return &table{locks: map[string]*lock{}} }

// read adds a page.
func (t *table) read(p page) {
	if p.session != t.session {
		t.session = p.session
		t.newEpoch()
	}
	if !t.begun {
		t.begin()
	}
	for _, r := range p.readings {
		t.readOne(r, p.at)
	}
	if n := len(p.readings); n > 0 && !t.mixed {
		t.pass(p.readings[n-1].seq)
	}
}

// end ends a sweep.
func (t *table) end(s swept) {
	if s.err != nil {
		t.newEpoch()
		t.begun = false
		return
	}
	if !t.begun { // No page came: there are no locks.
		t.begin()
	}
	t.forget(len(t.old))
	t.begun, t.mixed = false, false
	t.whole, t.endedAt = true, s.at
}

// begin starts a sweep. Locks that an interrupted sweep has not passed stay.
func (t *table) begin() {
	t.begun = true
	t.sweep++
	t.old = append(t.fresh, t.old...)
	t.fresh = make([]*lock, 0, len(t.old))
}

func (t *table) newEpoch() {
	t.epoch++
	t.mixed = true
	t.endedAt = time.Time{}
}

func (t *table) readOne(r reading, at time.Time) {
	before, l := t.locks[r.name], &lock{}
	// A reading with another seq is of another lock. It needs a new entry, because the order of old must not
	// change.
	if before != nil && before.seq == r.seq && before.sweep != t.sweep {
		l = before
	}
	rate := t.rate(before, r, at)
	// The times change only with the request. Each reading gives a slightly different time, and lines would swap
	// places for no reason.
	if r.first.ID != l.first.ID {
		l.heldSince = at.Add(-r.heldFor)
	}
	if r.waiter != l.waiter {
		l.waitsSince = at.Add(-r.waitsFor)
	}
	l.reading, l.at, l.rate, l.sweep, l.epoch = r, at, rate, t.sweep, t.epoch
	t.locks[r.name] = l
	t.fresh = append(t.fresh, l)
}

// rate returns the grants per second since the previous reading. For a new lock it counts from the end of the last
// sweep, because the lock was first used after that.
func (t *table) rate(before *lock, r reading, at time.Time) float64 {
	grants, from := r.grants, t.endedAt
	if before != nil && before.epoch == t.epoch && before.seq == r.seq {
		grants, from = r.grants-before.grants, before.at
	}
	if from.IsZero() || !at.After(from) || grants < 0 {
		return unknown
	}
	return float64(grants) / at.Sub(from).Seconds()
}

// pass forgets locks up to seq that this sweep has not read.
func (t *table) pass(seq int64) {
	n := 0
	for n < len(t.old) && t.old[n].seq <= seq {
		n++
	}
	t.forget(n)
}

// forget forgets those of the first n old locks that this sweep has not read.
func (t *table) forget(n int) {
	for _, l := range t.old[:n] {
		if l.sweep != t.sweep && t.locks[l.name] == l {
			delete(t.locks, l.name)
		}
	}
	t.old = t.old[n:]
}

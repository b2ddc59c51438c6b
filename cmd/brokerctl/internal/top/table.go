package top

import "time"

// unknown is the rate of a lock that was read once only.
const unknown = -1

// A lock is a line of the table.
type lock struct {
	reading
	at   time.Time // of the reading
	rate float64   // grants a second, or unknown

	// Since when the first holder holds and the first waiter waits, on our clock.
	heldSince, waitsSince time.Time

	sweep int // the last that has read it
	epoch int // in which that was
}

// inUse reports whether anybody holds the lock or waits for it, or did between the
// last two readings: the busiest are free every now and then.
func (l *lock) inUse() bool { return l.holding > 0 || l.waiting > 0 || l.rate > 0 }

// A table knows all locks as they were last read. It is changed by pages in the
// order in which a scanner sends them.
//
// The pages of a sweep come by seq, as does what the sweep before has read. So a
// page that ends with a seq has passed all locks up to there: those of the sweep
// before that it did not hold are gone.
type table struct {
	locks map[string]*lock
	fresh []*lock // what this sweep has read, by seq
	old   []*lock // what it has not passed yet, by seq

	sweep   int
	begun   bool
	whole   bool // a sweep has been through, whatever became of later ones
	session string
	// Within an epoch the numbers of two readings can be compared. Another
	// connection may lead to another broker, or to one that has started again.
	epoch   int
	mixed   bool      // old is of another epoch: its order says nothing
	endedAt time.Time // of the last whole sweep of this epoch, or zero
}

func newTable() *table { return &table{locks: map[string]*lock{}} }

// read takes in a page.
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

// end takes in the end of a sweep.
func (t *table) end(s swept) {
	if s.err != nil {
		t.newEpoch()
		t.begun = false
		return
	}
	if !t.begun { // not one page: there are no locks
		t.begin()
	}
	t.forget(len(t.old))
	t.begun, t.mixed = false, false
	t.whole, t.endedAt = true, s.at
}

// begin begins a sweep. What an interrupted one has not passed stays.
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
	// One with another seq is another lock, and the order of old must stay.
	if before != nil && before.seq == r.seq && before.sweep != t.sweep {
		l = before
	}
	rate := t.rate(before, r, at)
	// When it is still the same request the moment stays, too: it is known to some
	// milliseconds only, and lines would change places for nothing.
	if r.holder != l.holder {
		l.heldSince = at.Add(-r.heldFor)
	}
	if r.waiter != l.waiter {
		l.waitsSince = at.Add(-r.waitsFor)
	}
	l.reading, l.at, l.rate, l.sweep, l.epoch = r, at, rate, t.sweep, t.epoch
	t.locks[r.name] = l
	t.fresh = append(t.fresh, l)
}

// rate is how often the lock was granted, by the second, since it was read
// before. One that is new has come into use after the last sweep was through.
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

// pass forgets what was up to seq and is not there any more.
func (t *table) pass(seq int64) {
	n := 0
	for n < len(t.old) && t.old[n].seq <= seq {
		n++
	}
	t.forget(n)
}

// forget forgets those of the first n of old that this sweep has not read.
func (t *table) forget(n int) {
	for _, l := range t.old[:n] {
		if l.sweep != t.sweep && t.locks[l.name] == l {
			delete(t.locks, l.name)
		}
	}
	t.old = t.old[n:]
}

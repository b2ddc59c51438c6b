package owner

import "github.com/lockbroker/lockbroker/broker/cluster"

// A Mark names something that must be on record before something else may happen. [Machine.Recorded] reports
// whether it is. Later marks are greater. The mark 0 is always on record.
type Mark uint64

// A change to the sessions on record that has not been acknowledged.
type change struct {
	mark   Mark
	id     string
	put    cluster.Session
	strike bool // instead of put
}

// A batch is the part of the changes that one write carries.
type batch struct {
	changes int  // how many, from the oldest
	covers  Mark // all marks up to it are on record once the write is acknowledged
}

// Recorded reports whether mark is on record: a write has been acknowledged that began after the mark was returned,
// and that carries its change. A mark that an ownership has left behind is never on record.
func (m *Machine) Recorded(mark Mark) bool {
	r := &m.record
	return mark == 0 || mark > r.floor && mark <= r.confirmed
}

// Opened notes that a connection has said hello. The connection gets no grant, and no word that its session is
// taken up, before the returned mark is on record.
func (m *Machine) Opened() Mark { return m.record.mark() }

// Reserve reserves the fencing tokens below limit. They may be given out once the returned mark is on record.
func (m *Machine) Reserve(limit int64) Mark {
	m.owner.Tokens = max(m.owner.Tokens, limit)
	return m.changeOwner()
}

// changeOwner has the owner put on record with the next write.
func (m *Machine) changeOwner() Mark {
	m.record.owner, m.record.ownerMark = true, m.record.mark()
	return m.record.ownerMark
}

// mark returns a new mark. The next write that is composed covers it, if it has room for all changes.
func (r *record) mark() Mark {
	r.last++
	return r.last
}

// latest returns a mark that is on record when all earlier ones are.
func (r *record) latest() Mark {
	if r.isWaiting() {
		return r.last
	}
	return 0
}

// queue adds a change, and returns its mark.
func (r *record) queue(c change) Mark {
	c.mark = r.mark()
	r.changes = append(r.changes, c)
	return c.mark
}

// isWaiting reports whether a mark waits for a write that has not been composed.
func (r *record) isWaiting() bool { return r.confirmed < r.last }

// take moves the oldest changes into w, at most limit of them. Of two changes to the same session it takes the
// later one, because no session may occur twice in a write.
func (r *record) take(w *cluster.Write, limit int) batch {
	latest, bytes, n := make(map[string]int), 0, 0
	for n < len(r.changes) && n < limit && (n == 0 || bytes < maxWriteBytes) {
		c := &r.changes[n]
		latest[c.id] = n
		bytes += len(c.id) + len(c.put.Identity) + len(c.put.Key)*4/3 + len(c.put.Revoked)*17 + 64
		n++
	}
	for i := range r.changes[:n] {
		switch c := &r.changes[i]; {
		case latest[c.id] != i:
		case c.strike:
			w.Delete = append(w.Delete, c.id)
		default:
			w.Put = append(w.Put, c.put)
		}
	}
	if n < len(r.changes) {
		return batch{n, r.changes[n].mark - 1}
	}
	return batch{n, r.last}
}

// confirm notes that the write with b was applied. owner says whether it has put the owner.
func (r *record) confirm(b batch, owner bool) {
	r.confirmed = b.covers
	clear(r.changes[:b.changes]) // so that the sessions can be collected
	if r.changes = r.changes[b.changes:]; len(r.changes) == 0 {
		r.changes = nil
	}
	if owner && r.ownerMark <= b.covers {
		r.owner = false
	}
}

package locktable

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// The requests of sessions that outlive the table go on in another one. Saved says everything about a request that the
// other table needs.

// A Saved is a request that goes on in another table.
type Saved struct {
	ID     wire.ID
	Locks  []wire.LockSpec
	Author string
	Parent wire.ID
	Token  int64         // the fencing token; 0: it waits
	Age    time.Duration // for how long it has held or waited
	Wait   time.Duration // how much longer it may wait, at least 0, or Forever
	Hold   time.Duration // how much longer it may hold, or how long if it waits; 0: without end
}

// Outlive makes a session outlive the table: Shut leaves its requests alone. The session must be open and have no
// requests.
func (t *Table) Outlive(name string) { t.openSession(name).outlives = true }

// Forsake makes a session end with the table after all.
func (t *Table) Forsake(name string) { t.forsake(t.openSession(name)) }

func (t *Table) forsake(s *session) {
	if !s.outlives {
		return
	}
	s.outlives = false
	for r := s.holding.first; r != nil; r = r.next {
		t.outlive--
	}
}

// Saves yields the requests that hold, in the order of their grants, and then those that wait, in the order of their
// arrival. A request under a deadlock search, and a steal, are left out: they have not been queued. So is a holder that
// must be struck off the record: it has lost its locks. The table must not
// change meanwhile.
func (t *Table) Saves() iter.Seq[Saved] {
	return func(yield func(Saved) bool) {
		parents := t.statedParents()
		for _, r := range t.inOrder() {
			if r.striking {
				continue
			}
			saved := t.save(r)
			if parent, stated := parents[saved.ID]; stated {
				saved.Parent = parent
			}
			if !yield(saved) {
				return
			}
		}
	}
}

// inOrder returns the requests that hold, in the order of their grants, and then those that wait, in the order of their
// arrival.
func (t *Table) inOrder() []*request {
	var held, waits []*request
	t.bySeq.Scan(func(l *lock) bool {
		for p := l.holders.first; p != nil; p = p.next {
			if p == &p.request.places()[0] {
				held = append(held, p.request)
			}
		}
		for p := l.queue.first; p != nil; p = p.next {
			if p == &p.request.places()[0] {
				waits = append(waits, p.request)
			}
		}
		return true
	})
	slices.SortFunc(held, func(a, b *request) int { return cmp.Compare(a.token, b.token) })
	slices.SortFunc(waits, func(a, b *request) int { return cmp.Compare(a.arrival, b.arrival) })
	return append(held, waits...)
}

func (t *Table) save(r *request) Saved {
	s := Saved{
		ID: r.id(), Author: r.author, Parent: r.parentID(), Token: r.token,
		Age: t.now - r.since, Wait: Forever, Hold: r.hold,
	}
	for i := range r.places() {
		s.Locks = append(s.Locks, r.places()[i].spec())
	}
	if r.dueIndex >= 0 {
		left := max(r.due-t.now, 0)
		if r.state == holding {
			s.Hold = max(left, 1) // 0 would be without end
		} else {
			s.Wait = left
		}
	}
	return s
}

// spec returns how p asks for its lock.
func (p *place) spec() wire.LockSpec {
	spec := wire.LockSpec{Name: p.lock.name, Mode: p.mode()}
	if p.isLimited() {
		spec.Limit = wire.Some(p.limit())
	}
	return spec
}

// Restore makes a saved request go on. Its session must be open, and its token must be less than the first of this
// table. All holders must be restored before the first waiter, and both in the order of Saves. It causes no event.
func (t *Table) Restore(now time.Duration, saved Saved) {
	t.now = now
	s := t.openSession(saved.ID.Session)
	r := t.newRequest(s, &Acquire{ID: saved.ID, Locks: saved.Locks, Author: saved.Author, Hold: saved.Hold})
	t.register(r, t.parentFor(s, saved.Parent), saved.Locks)
	if t.reclaiming { // so was the other table, and nobody has looked at it yet
		t.noteInside(saved.ID, saved.Parent)
	}
	switch {
	case saved.Token == 0 && t.reclaiming: // others may come that have waited for longer
		t.enqueueByAge(r, &saved)
		return
	case saved.Token == 0:
		t.enqueue(r, saved.Wait)
		r.since = now - saved.Age
		return
	case t.reclaiming:
		t.reclaimed[saved.Token] = true
	}
	t.hold(r, saved.Token)
	r.since = now - saved.Age
}

// PeerOf returns the client of a session, or of its last connection.
func (t *Table) PeerOf(session string) wire.Peer {
	if s := t.sessions.Get(session); s != nil {
		return s.peer
	}
	return wire.Peer{}
}

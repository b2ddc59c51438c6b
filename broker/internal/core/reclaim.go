package core

import (
	"cmp"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// After a crash the lock table knows nothing of the sessions on record. What their clients state is taken in.

// reclaim takes in the next request that the client of a session states that is on record since the last run. The
// client may have stated it before, on a connection that broke.
func (m *Machine) reclaim(now time.Duration, s *lasting, r *Resumption, events []locktable.Event) []locktable.Event {
	if !m.table.Knows(s.name) {
		m.table.Open(s.name, wire.Peer{Identity: s.identity})
		if m.config.Moves {
			m.Outlive(s.name)
		}
		m.beginAbsence(s, now+max(m.config.Timeout, m.lastTimeout))
		m.setOnRecord(s)
	}
	if r.order == nil {
		r.sort()
	}
	if r.at < r.Size() {
		saved := r.saved(r.order[r.at])
		r.at++
		switch {
		case m.table.Compare(saved.ID, nil).Known:
		case saved.Token == 0:
			events = m.table.Requeue(now, saved, events)
		case !s.isRevoked(saved.Token) && r.mayHold(saved.Locks):
			events, _ = m.table.Reclaim(now, saved, events)
		}
	}
	if r.at == r.Size() {
		r.phase, r.at, r.order = findHolders, 0, nil
	}
	return events
}

// sort puts the requests of the statement in the order in which the lock table takes them in fastest: those that hold
// by their tokens, and then those that wait, the oldest first.
func (r *Resumption) sort() {
	r.order = make([]int, r.Size())
	for i := range r.order {
		r.order[i] = i
	}
	held := len(r.Held)
	slices.SortFunc(r.order[:held], func(i, j int) int { return cmp.Compare(r.Held[i].Token, r.Held[j].Token) })
	slices.SortFunc(r.order[held:], func(i, j int) int {
		return cmp.Compare(r.Waiting[j-held].AgeMS, r.Waiting[i-held].AgeMS)
	})
}

// mayHold reports whether the client may hold these locks.
func (r *Resumption) mayHold(locks []wire.LockSpec) bool {
	for _, spec := range locks {
		if r.May == nil {
			return true
		}
		if _, ok := r.May(spec.Name, spec.Mode, false); !ok {
			return false
		}
	}
	return true
}

// saved returns request i of the statement.
func (r *Resumption) saved(i int) locktable.Saved {
	if i < len(r.Held) {
		h := &r.Held[i]
		return locktable.Saved{
			ID: wire.ID{Session: r.Claim.Session, N: h.N}, Locks: h.Locks, Author: h.Author,
			Parent: h.Parent, Token: h.Token, Age: millis(h.AgeMS),
			Wait: locktable.Forever, Hold: millis(h.HoldMS.Or(0)),
		}
	}
	w := &r.Waiting[i-len(r.Held)]
	saved := locktable.Saved{
		ID: wire.ID{Session: r.Claim.Session, N: w.N}, Locks: w.Locks, Author: w.Author, Parent: w.Parent,
		Age: millis(w.AgeMS), Wait: locktable.Forever, Hold: millis(w.HoldMS.Or(0)),
	}
	if wait, given := w.WaitMS.Get(); given {
		saved.Wait = millis(wait)
	}
	return saved
}

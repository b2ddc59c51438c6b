package core

import (
	"iter"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Snapshot is what a run that stops leaves to the next one, so that clients can take up their sessions there and
// waiters keep their places.
type Snapshot struct {
	// Timeout is the session timeout of the run: for how long its clients may treat their locks as held.
	Timeout time.Duration
	// Clean says that nobody can be a stale holder, except clients of Sessions.
	Clean    bool
	Sessions []SavedSession
	// Requests yields those that hold, in the order of their grants, and then those that wait, in the order of
	// their arrival. Each is of one of the sessions.
	Requests iter.Seq[locktable.Saved]
}

// A SavedSession is a session with requests that its client can take up.
type SavedSession struct {
	Name string
	Peer wire.Peer
	Key  Key
	Kept bool // as in [Machine.Last]
}

// Snapshot returns the snapshot of the run as it is now. Nothing may change any more.
func (m *Machine) Snapshot(now time.Duration) Snapshot {
	snapshot := Snapshot{
		Timeout: m.config.Timeout,
		Clean: m.ledger.staleAtEnd(m.table.Held()-m.table.HeldForGood(), now) == 0 &&
			!m.table.IsReclaiming(), // otherwise the next run must look for deadlocks, too
	}
	snapshot.Requests = func(yield func(locktable.Saved) bool) {
		for r := range m.table.Saves() {
			if m.Outlives(r.ID.Session) && !yield(r) {
				return
			}
		}
	}
	seen := make(map[string]bool)
	for r := range snapshot.Requests {
		if name := r.ID.Session; !seen[name] {
			seen[name] = true
			s := m.lastings.byName[name]
			saved := SavedSession{name, m.table.PeerOf(name), s.key, s.kept}
			snapshot.Sessions = append(snapshot.Sessions, saved)
		}
	}
	return snapshot
}

// Restore makes the sessions of a snapshot go on. All of them are absent, and end as if their clients had been heard
// last at now. It must be called before anything else, and no token of this run may be less than those of the snapshot.
func (m *Machine) Restore(now time.Duration, snapshot Snapshot) {
	for _, s := range snapshot.Sessions {
		m.table.Open(s.Name, s.Peer)
		before := m.restored(s.Name)
		m.Last(s.Name, s.Peer.Identity, s.Key, s.Kept)
		m.Outlive(s.Name)
		if before != nil {
			goesOn := m.lastings.byName[s.Name]
			goesOn.revoked = before.revoked
			m.setOnRecord(goesOn)
		}
	}
	for r := range snapshot.Requests {
		// A run that has crashed may have used the snapshot before.
		if !m.lastings.byName[r.ID.Session].isRevoked(r.Token) {
			m.table.Restore(now, r)
		}
	}
	m.noteOthers(snapshot)
	until := now + max(snapshot.Timeout, m.config.Timeout)
	for _, s := range snapshot.Sessions {
		m.beginAbsence(m.lastings.byName[s.Name], until)
	}
}

package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// Open begins a session. Its name must be new. Its requests also count in account, which it may share
// with other sessions of the same client, or which may be nil.
func (m *Machine) Open(name string, peer wire.Peer, account *locktable.Account) {
	m.table.Open(name, peer)
	m.table.CountIn(name, account)
}

// End ends a session: it gets no more grants, and Drop ends its requests. gone and lastHeard say what
// is known of its client, as for KeptUntil.
//
// The caller must have stopped replying to the client before it reads lastHeard. A later reply could
// extend the client's lease beyond the end of the keeping.
func (m *Machine) End(name string, gone bool, lastHeard time.Duration) {
	until := m.KeptUntil(gone, lastHeard)
	if s := m.lastings.byName[name]; s != nil {
		if s.recorded != offRecord && !gone {
			m.doom(s, until)
			return
		}
		m.strikeOff(s, nil)
		m.lastings.remove(name)
	}
	m.leave(name, until)
}

// leave ends a session in the table, and keeps its locks until that time.
func (m *Machine) leave(name string, until time.Duration) {
	m.table.Leave(name, until)
	m.dropping = append(m.dropping, name)
}

// doom ends a session on record against its will. It must be off the record before its locks go to others.
func (m *Machine) doom(s *lasting, until time.Duration) {
	s.doomed, s.outlives = true, false
	m.table.Forsake(s.name)
	if s.absent {
		m.lastings.absent.Delete(s)
		s.absent = false
	} else {
		m.table.Detach(s.name)
	}
	s.absent, s.until = true, until
	m.lastings.absent.Set(s)
}

// KeptUntil returns the earliest time at which the locks of an ended session may be granted to others.
// gone says that its client has given up its locks, or has ended: then this is 0, at once. Otherwise
// it is the session timeout after lastHeard, the client's last sign of life. By then its lease must
// have run out.
func (m *Machine) KeptUntil(gone bool, lastHeard time.Duration) time.Duration {
	if gone {
		return 0
	}
	return lastHeard + m.config.Timeout
}

// EndKept gives the locks of an ended session to others, although they are kept: its client has given
// them up after all, or has ended. Drop must be called again.
func (m *Machine) EndKept(name string) {
	if s := m.lastings.byName[name]; s != nil && s.doomed {
		m.lastings.absent.Delete(s)
		s.until = 0
		m.lastings.absent.Set(s)
		return
	}
	if m.table.HasLeft(name) { // otherwise it is being struck off the record, and ends then
		m.table.Unkeep(name)
		m.dropping = append(m.dropping, name)
	}
}

// IsDropping reports whether Drop has something to do.
func (m *Machine) IsDropping() bool { return len(m.dropping) > 0 }

// Drop ends requests of the session that ended first, about budget places of them: those that wait
// and, unless the session's locks are kept, those that hold. IsDropping must be true.
func (m *Machine) Drop(now time.Duration, budget int, events []locktable.Event) []locktable.Event {
	events, done := m.table.Drop(now, m.dropping[0], budget, events)
	if done {
		m.dropping = m.dropping[1:]
	}
	return events
}

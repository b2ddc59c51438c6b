package core

import (
	"crypto/sha256"
	"time"

	"github.com/tidwall/btree"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A session lasts if it can outlive its connection. While it has none it is absent: its requests go on, but it is
// granted nothing. Its client takes it up on another connection (see [Resumption]), or it ends when that client can no
// longer treat its locks as held.

// A Key is the SHA-256 hash of a secret that takes up a session. So nothing that the broker stores or logs is a secret.
type Key [sha256.Size]byte

// KeyOf returns the key of a secret.
func KeyOf(secret string) Key { return sha256.Sum256([]byte(secret)) }

// A lasting is what the machine knows of a session that lasts.
type lasting struct {
	name     string
	identity string
	key      Key
	outlives bool // it can go on with the next run of the broker
	kept     bool // it lasts after every end of its connection; otherwise only over a move of the broker

	recorded recordState
	revoked  []revocation // the tokens that were struck off the record not long ago, the oldest first
	demoted  bool         // it has lost too many: it is taken off the record, and becomes one of the others
	// missing says that it was on record when the last run has crashed, and has not come back yet. The table does
	// not know it then.
	missing bool

	doomed bool // it can no longer be taken up, and ends when its absence is over and it is off the record
	absent bool
	until  time.Duration // while it is absent: when it ends
	taker  *Resumption   // that takes it up now; or nil
}

// lastings holds the sessions that last.
type lastings struct {
	byName map[string]*lasting
	absent *btree.BTreeG[*lasting] // the absent ones, the first to end first
}

func newLastings() lastings {
	return lastings{
		byName: make(map[string]*lasting),
		absent: btree.NewBTreeGOptions((*lasting).endsBefore, btree.Options{NoLocks: true}),
	}
}

func (s *lasting) endsBefore(other *lasting) bool {
	return s.until < other.until || s.until == other.until && s.name < other.name
}

// remove forgets a session, if it is known.
func (l *lastings) remove(name string) {
	if s := l.byName[name]; s != nil {
		if s.absent {
			l.absent.Delete(s)
		}
		delete(l.byName, name)
	}
}

// next returns the absent session that ends first, or nil.
func (l *lastings) next() *lasting {
	s, _ := l.absent.Min()
	return s
}

// Last makes a session last, which must be open: whoever has the secret with that key can take it up. kept says that
// it lasts after every end of its connection, and not only over a move of the broker.
func (m *Machine) Last(name, identity string, key Key, kept bool) {
	m.lastings.byName[name] = &lasting{name: name, identity: identity, key: key, kept: kept}
}

// Outlive makes a session that lasts outlive the run: see [Machine.Snapshot]. It must be open and have no requests.
func (m *Machine) Outlive(name string) {
	m.lastings.byName[name].outlives = true
	m.table.Outlive(name)
}

// Outlives reports whether a session outlives the run.
func (m *Machine) Outlives(name string) bool {
	s := m.lastings.byName[name]
	return s != nil && s.outlives
}

// Lasts reports whether a session lasts after the end of its connection.
func (m *Machine) Lasts(name string) bool {
	s := m.lastings.byName[name]
	return s != nil && s.kept && !s.doomed
}

// IsMissing reports whether a session is on record since the last run, and has not come back.
func (m *Machine) IsMissing(name string) bool {
	s := m.lastings.byName[name]
	return s != nil && s.missing
}

// Knows reports whether there is a session of that name, open or absent, or on record since the last run.
func (m *Machine) Knows(name string) bool {
	return m.lastings.byName[name] != nil || m.table.Knows(name)
}

// IsAbsent reports whether a session is absent.
func (m *Machine) IsAbsent(name string) bool {
	s := m.lastings.byName[name]
	return s != nil && s.absent
}

// Absent returns how many sessions are absent.
func (m *Machine) Absent() int { return m.lastings.absent.Len() }

// Detach notes that the connection of a session has ended, which must last. lastHeard is its client's last sign of
// life. From now on the session is absent. A session without requests ends instead, as there is nothing to take up:
// Detach returns false.
func (m *Machine) Detach(name string, lastHeard time.Duration) bool {
	if m.table.OpenRequests(name) == 0 {
		m.End(name, true, lastHeard) // for good: there is nothing to strike off first
		return false
	}
	s := m.lastings.byName[name]
	// Not before the end of its last absence. That may be longer, if it is one of the last run, and if the client
	// was not told that it is over, it goes by it.
	m.beginAbsence(s, max(m.KeptUntil(false, lastHeard), s.until))
	return true
}

func (m *Machine) beginAbsence(s *lasting, until time.Duration) {
	m.table.Detach(s.name)
	s.absent, s.until = true, until
	m.lastings.absent.Set(s)
}

// EndAbsence ends a session that has been absent for too long, and returns its name. The caller calls it until it
// returns false. A session on record ends only when it is off the record; from now on it cannot be taken up.
func (m *Machine) EndAbsence(now time.Duration) (name string, ok bool) {
	s := m.lastings.next()
	if s == nil || s.until > now {
		return "", false
	}
	if s.recorded == offRecord {
		m.End(s.name, true, now)
		return s.name, true
	}
	m.lastings.absent.Delete(s)
	delete(m.lastings.byName, s.name)
	m.strikeOff(s, func(_ time.Duration, events []locktable.Event) []locktable.Event {
		m.leave(s.name, 0)
		return events
	})
	return s.name, true
}

// attach makes a session go on with the connection of another one, which must last, and have no requests. That one
// ends.
func (m *Machine) attach(s *lasting, with *lasting, peer wire.Peer, account *locktable.Account) {
	m.lastings.absent.Delete(s)
	s.absent = false
	if s.recorded == offRecord {
		s.key, s.kept = with.key, with.kept // otherwise Rekey has set the key
	}
	m.table.Attach(s.name, peer, account)
	m.strikeOff(with, nil)
	m.lastings.remove(with.name)
	m.table.Leave(with.name, 0)
}

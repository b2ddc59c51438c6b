package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// The record lists the sessions that may be taken up after a crash of the broker. The next run waits for these sessions
// before it grants anything, and accepts no others:
//
//   - a session that is kept after any end of its connection is on record before its first request;
//   - so is its new key before the client is told that the session was taken up;
//   - a holder on record that loses its locks against its will is struck off before others get them, and so is a
//     session that is ended against its will;
//   - before a request of a session that cannot come back, the record says that there are such sessions: others. Then
//     the next run waits for the whole grace period. The record says so until these sessions have had no request for
//     the session timeout.
//
// There is no record before the first session that can come back. After a crash without a record, the next run waits
// for the whole grace period, and nobody comes back.
//
// What a client gives up itself needs no record: after a crash it does not claim it. revoke.go has more about what is
// struck off. The caller stores the changes in
// order ([Machine.TakeChanges], [Machine.Recorded]).

// A Change is one change of the record. The zero Session stands for others.
type Change struct {
	Session  string
	Identity string
	Key      Key
	Ends     bool  // the session is off the record
	Revoked  int64 // this token is struck off; 0: none is
	// Revokes has all tokens that are struck off, in a change that puts the session on record or changes its key.
	Revokes []int64
	// Nothing changes: the caller stores what is before it, and no more.
	Nothing bool
}

// A Roll is the record that the last run has left.
type Roll struct {
	Sessions []RollEntry
	Others   bool // sessions that cannot come back may have held locks
}

// A RollEntry is a session on record.
type RollEntry struct {
	Session  string
	Identity string
	Key      Key
	Revoked  []int64 // tokens that were struck off
}

// A record is what a machine knows of the record.
type record struct {
	keeps   bool // a record can be kept
	begun   bool // there is one
	mixed   bool // sessions that cannot come back made requests before there was one
	changes []recording
	stored  []recording // taken by the caller, in order, and not recorded yet
	others  recordState
	// demoting is how many sessions are becoming others.
	demoting int
	// othersEnd is when others are struck off, as no session that cannot come back has a request; 0: some have.
	othersEnd time.Duration
	purging   int // sessions of the last run that are being struck off
}

// A recording is a change, and what to do when it is on record.
type recording struct {
	change Change
	then   func(now time.Duration, events []locktable.Event) []locktable.Event // or nil
}

// isIdle reports whether everything is on record.
func (g *record) isIdle() bool { return len(g.changes) == 0 && len(g.stored) == 0 }

type recordState uint8

const (
	offRecord recordState = iota
	beingRecorded
	onRecord
)

// change adds a change. then is called once it is on record, or is nil.
func (g *record) change(c Change, then func(time.Duration, []locktable.Event) []locktable.Event) {
	g.changes = append(g.changes, recording{c, then})
}

// MayRequest reports whether a session may make requests now. If not, the record must be changed first: the caller
// asks again after Recorded.
func (m *Machine) MayRequest(name string) bool {
	g := &m.record
	s := m.lastings.byName[name]
	switch {
	case !g.keeps:
		return true
	case s == nil || !s.kept || s.demoted:
		return m.othersMayRequest()
	case s.recorded != offRecord:
		return s.recorded == onRecord
	}
	m.putOnRecord(s, nil)
	return false
}

// putOnRecord puts s on record, and then calls then, unless it is nil.
func (m *Machine) putOnRecord(s *lasting, then func()) {
	g := &m.record
	if !g.begun {
		g.begun = true
		if g.mixed { // what they hold is safe: a crash finds this change, or no record at all
			g.change(Change{}, nil)
			g.others = onRecord
		}
	}
	s.recorded = beingRecorded
	g.change(s.entry(), func(_ time.Duration, events []locktable.Event) []locktable.Event {
		if m.lastings.byName[s.name] == s {
			m.setOnRecord(s)
		}
		if then != nil {
			then()
		}
		return events
	})
}

func (m *Machine) setOnRecord(s *lasting) {
	s.recorded = onRecord
	m.table.OnRecord(s.name)
}

// entry returns the change that puts s on record.
func (s *lasting) entry() Change {
	return Change{Session: s.name, Identity: s.identity, Key: s.key, Revokes: s.revokes()}
}

// TakeChanges returns the changes of the record that the caller must store now, in this order, or nil. Then it calls
// Recorded for each. The caller calls TakeChanges in each round.
func (m *Machine) TakeChanges(now time.Duration) []Change {
	m.strikeOthers(now)
	for _, strike := range m.table.TakeStrikes() {
		m.revoke(now, strike)
	}
	if len(m.record.changes) == 0 {
		return nil
	}
	changes := make([]Change, len(m.record.changes))
	for i := range changes {
		changes[i] = m.record.changes[i].change
	}
	m.record.stored = append(m.record.stored, m.record.changes...)
	m.record.changes = nil
	return changes
}

// Recorded notes that the next change that was taken is on record. Every crash from now on finds it.
func (m *Machine) Recorded(now time.Duration, events []locktable.Event) []locktable.Event {
	r := m.record.stored[0]
	m.record.stored[0], m.record.stored = recording{}, m.record.stored[1:]
	if r.then != nil {
		events = r.then(now, events)
	}
	return events
}

// strikeOff strikes a session off the record. then is called once that is on record, or is nil.
func (m *Machine) strikeOff(s *lasting, then func(time.Duration, []locktable.Event) []locktable.Event) {
	if s.recorded != offRecord {
		m.record.change(Change{Session: s.name, Ends: true}, then)
	}
}

// beginRecord begins a run with the record that the last run has left. If that has crashed, its sessions may come back;
// otherwise Restore says which ones go on.
func (m *Machine) beginRecord(roll *Roll, beginning Beginning) {
	m.record.begun = true
	crashed := beginning.Grace > 0 && beginning.Snapshot == nil
	if roll.Others {
		m.record.others = onRecord
	}
	for _, e := range roll.Sessions {
		m.lastings.byName[e.Session] = &lasting{
			name: e.Session, identity: e.Identity, key: e.Key, kept: true,
			missing: true, recorded: onRecord, revoked: revokedBefore(e.Revoked),
		}
		m.rolled = append(m.rolled, e.Session)
		m.missing++
	}
	if beginning.Grace > 0 {
		m.table.BeginReclaiming()
	}
	if crashed {
		m.rollCalled, m.othersHeld = true, roll.Others
		m.endGraceIfComplete(0)
	}
}

// came notes that a session of the last run has come back.
func (m *Machine) came(s *lasting, now time.Duration) {
	s.missing = false
	m.missing--
	m.endGraceIfComplete(now)
}

// endGraceIfComplete ends the grace period if all that may have held locks have come back.
func (m *Machine) endGraceIfComplete(now time.Duration) {
	if m.missing == 0 && m.rollCalled && !m.othersHeld {
		m.ledger.endGrace(now)
	}
}

// Purge strikes those sessions off the record that have not come back when the grace period is over. It returns how
// many. Until that is on record, nothing is granted. The caller calls it in each round.
func (m *Machine) Purge(now time.Duration) (count int) {
	if m.missing == 0 || m.ledger.inGrace(now) {
		return 0
	}
	for _, name := range m.rolled {
		s := m.lastings.byName[name]
		if s == nil || !s.missing {
			continue
		}
		count++
		m.record.purging++
		m.lastings.remove(name)
		m.strikeOff(s, func(_ time.Duration, events []locktable.Event) []locktable.Event {
			m.record.purging--
			if m.table.Knows(name) { // its client was about to take it up
				m.leave(name, 0)
			}
			return events
		})
	}
	m.missing, m.rolled = 0, nil
	return count
}

// restored notes that a session goes on with the snapshot of the last run. It returns what is on record of it, or nil.
func (m *Machine) restored(name string) *lasting {
	s := m.lastings.byName[name]
	if s != nil {
		m.missing--
	}
	return s
}

// Missing returns how many sessions of the last run have not come back yet.
func (m *Machine) Missing() int { return m.missing }

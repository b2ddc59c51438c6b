package owner

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A grace is the time in which sessions of earlier owners may come to this one. Its times are on the monotonic clock.
type grace struct {
	length time.Duration
	ends   time.Duration
	kept   bool // a snapshot says what the absent sessions hold, so grants need not wait for them

	absent  []string // the sessions that were on record at the takeover
	missing int      // how many of them have not answered
	over    bool     // all have answered, or those that have not are being struck
	mark    Mark     // of the last absent session that was struck
}

// begin begins the period once the takeover was acknowledged.
func (g *grace) begin(now time.Duration) { g.ends = now + g.length }

// isDue reports whether the absent sessions must be struck now.
func (g *grace) isDue(now time.Duration) bool { return !g.over && now >= g.ends }

// graceBlocks reports whether nothing may be granted yet.
func (m *Machine) graceBlocks() bool { return m.InGrace() && !m.grace.kept }

// InGrace reports whether sessions of earlier owners may still come. When it turns false, all of them have answered
// or are off the record. The caller then frees what a snapshot says that the others hold.
func (m *Machine) InGrace() bool {
	return m.role == serving && !(m.grace.over && m.grace.mark <= m.record.confirmed)
}

// GraceEnds returns when the grace period ends at the latest, on the monotonic clock.
func (m *Machine) GraceEnds() time.Duration { return m.grace.ends }

// Answered notes that the session has been taken up, or was told that it cannot be. The caller calls it when the
// mark of the client's connection is on record. A client with the wrong secret does not answer for the session.
func (m *Machine) Answered(id string) {
	if e := m.record.sessions[id]; e != nil && id != cluster.Unresumable {
		m.answered(e)
	}
}

func (m *Machine) answered(e *entry) {
	if e.absent {
		e.absent = false
		m.grace.missing--
		m.endGraceIfComplete()
	}
}

// endGraceIfComplete ends the period if all sessions have answered.
func (m *Machine) endGraceIfComplete() {
	if m.role == serving && !m.grace.over && m.grace.missing == 0 {
		m.grace.over, m.grace.absent = true, nil
		m.endRecordedGrace()
	}
}

// endRecordedGrace puts on record that the next owner need not wait for clients of earlier owners.
func (m *Machine) endRecordedGrace() {
	if own := m.config.grace(); m.owner.Grace != own {
		m.owner.Grace = own
		m.changeOwner()
	}
}

// purge strikes the sessions that have not answered.
func (m *Machine) purge() {
	g := &m.grace
	g.over = true
	for _, id := range g.absent {
		e := m.record.sessions[id]
		if e == nil || !e.absent {
			continue
		}
		e.absent = false
		if id != cluster.Unresumable || !e.needed { // else it stands for sessions of this owner, too
			g.mark = m.strike(id)
		}
	}
	g.absent = nil
	m.endRecordedGrace()
}

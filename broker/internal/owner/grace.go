package owner

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A grace is the time in which sessions of earlier owners may come to this one. Its times are on the monotonic clock.
type grace struct {
	length time.Duration
	ends   time.Duration
	kept   bool // a snapshot says what the missing sessions hold, so grants need not wait for them

	rolled  []string // the sessions that were on record at the takeover
	missing int      // how many of them have not come back
	over    bool     // all have come back, or those that have not are being struck off
	mark    Mark     // of the last missing session that was struck off
}

// begin begins the period once the takeover was acknowledged.
func (g *grace) begin(now time.Duration) { g.ends = now + g.length }

// isDue reports whether the missing sessions must be struck off now.
func (g *grace) isDue(now time.Duration) bool { return !g.over && now >= g.ends }

// graceBlocks reports whether nothing may be granted yet.
func (m *Machine) graceBlocks() bool { return m.InGrace() && !m.grace.kept }

// InGrace reports whether sessions of earlier owners may still come. When it turns false, all of them have come back
// or are off the record. The caller then frees what a snapshot says that the others hold.
func (m *Machine) InGrace() bool {
	return m.role == serving && !(m.grace.over && m.grace.mark <= m.record.confirmed)
}

// GraceEnds returns when the grace period ends at the latest, on the monotonic clock.
func (m *Machine) GraceEnds() time.Duration { return m.grace.ends }

// CameBack notes that the session has been taken up, or was told that it cannot be. The caller calls it when the
// mark of the client's connection is on record. A client with the wrong secret does not count.
func (m *Machine) CameBack(id string) {
	if e := m.record.sessions[id]; e != nil && id != cluster.Others {
		m.cameBack(e)
	}
}

func (m *Machine) cameBack(e *entry) {
	if e.missing {
		e.missing = false
		m.grace.missing--
		m.endGraceIfComplete()
	}
}

// endGraceIfComplete ends the period if all sessions have come back.
func (m *Machine) endGraceIfComplete() {
	if m.role == serving && !m.grace.over && m.grace.missing == 0 {
		m.grace.over, m.grace.rolled = true, nil
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

// purge strikes off the sessions that are missing.
func (m *Machine) purge() {
	g := &m.grace
	g.over = true
	for _, id := range g.rolled {
		e := m.record.sessions[id]
		if e == nil || !e.missing {
			continue
		}
		e.missing = false
		if id != cluster.Others || !e.needed { // else it stands for sessions of this owner, too
			g.mark = m.strike(id)
		}
	}
	g.rolled = nil
	m.endRecordedGrace()
}

package owner

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// composeTakeover makes p the write by which this broker becomes the owner.
func (m *Machine) composeTakeover(now Instant, p *pending) {
	last := m.watch.head.Owner
	m.accepted = ""
	if last.Snapshot == m.snapshot {
		m.accepted = m.snapshot
	}
	m.tokens = firstToken(last.Tokens, now.Wall)
	p.kind = takesOver
	p.write.Owner = &cluster.Owner{
		Broker: m.config.Self,
		Term:   last.Term + 1,
		Tokens: min(m.tokens+m.config.TokenRange, wire.MaxInteger+1),
		Grace:  max(last.Grace, m.config.grace()),
	}
}

// firstToken returns the first fencing token of a term: as for a broker with a state directory, the greater of the
// record and the clock. So tokens rise even if the store was restored from a backup.
func firstToken(recorded int64, wall time.Duration) int64 {
	past := core.Past{Record: core.Record{Next: recorded}}
	return core.Begin(past, 0, wall.Microseconds()).First
}

// Accepted returns the id of the snapshot with which this term began, or "". The caller discards any other.
func (m *Machine) Accepted() string {
	if m.role != serving {
		return ""
	}
	return m.accepted
}

// GraceEnds returns the time on the monotonic clock until which clients of earlier owners may treat locks as held.
// Until then the caller grants nothing that they may hold: all that it knows of them is which sessions were on record
// ([Machine.TakeSessions]), and what their clients state.
func (m *Machine) GraceEnds() time.Duration { return m.graceEnds }

// hasLongGrace reports whether the record says that the next owner must wait for clients of an owner before this one,
// which had longer timers.
func (m *Machine) hasLongGrace() bool { return m.role == serving && m.owner.Grace != m.config.grace() }

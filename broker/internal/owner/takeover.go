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
	named := last.ID == m.config.Self.ID
	m.grace = grace{
		length: max(last.Grace, m.config.grace()),
		kept:   named && last.Snapshot != "" && last.Snapshot == m.snapshot,
	}
	m.tokens = firstToken(last.Tokens, now.Wall)
	p.kind = takesOver
	p.write.Owner = &cluster.Owner{
		Broker: m.config.Self,
		Term:   last.Term + 1,
		Tokens: min(m.tokens+m.config.TokenRange, wire.MaxInteger+1),
		Grace:  m.grace.length,
	}
}

// firstToken returns the first fencing token of a term: as for a broker with a state directory, the greater of the
// record and the clock. So tokens rise even if the store was restored from a backup.
func firstToken(recorded int64, wall time.Duration) int64 {
	past := core.Past{Record: core.Record{Next: recorded}}
	return core.Begin(past, 0, wall.Microseconds()).First
}

package owner

import "github.com/lockbroker/lockbroker/broker/cluster"

// A handOver is how far a planned hand-over has come.
type handOver struct {
	frozen   bool            // nothing is granted
	inGrace  bool            // it was frozen in a grace period, so a snapshot knows nothing of the missing sessions
	to       *cluster.Broker // who will be the owner, or nil if that has not been said
	snapshot string
	after    Mark // must be on record first
}

// Freeze stops the granting, so that the caller can take a snapshot of the locks. Marks are put on record as before.
func (m *Machine) Freeze() {
	if m.role == serving && !m.handOver.frozen {
		m.handOver = handOver{frozen: true, inGrace: m.graceBlocks()}
	}
}

// Thaw ends a freeze, and calls off a hand-over. It returns false if it is too late for that.
func (m *Machine) Thaw() bool {
	if p := m.chain.pending; p != nil && p.kind == handsOver {
		return false
	}
	m.handOver = handOver{}
	return true
}

// HandOver makes to the owner as soon as all marks before it are on record. Later ones never will be. snapshot is
// the id of the snapshot that to has received, or "". If to is the zero value, nobody is the owner, and any other
// broker may take over at once. This broker then stays a standby for good, because its process is about to end. The
// machine must be frozen.
func (m *Machine) HandOver(to cluster.Broker, snapshot string) {
	if h := &m.handOver; h.frozen {
		h.to, h.snapshot, h.after = &to, snapshot, m.record.last
	}
}

// composeHandOver makes p the write by which another broker becomes the owner, or nobody. The other one begins the
// next term when it accepts.
func (m *Machine) composeHandOver(p *pending) {
	next := m.owner
	next.Broker = *m.handOver.to
	if !m.handOver.inGrace {
		next.Snapshot = m.handOver.snapshot
	}
	p.kind, p.write.Owner = handsOver, &next
}

// HasAccepted reports whether this term began with the snapshot that this broker has received. If not, the caller
// discards the snapshot.
func (m *Machine) HasAccepted() bool { return m.role == serving && m.grace.kept }

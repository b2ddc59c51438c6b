package owner

import "github.com/lockbroker/lockbroker/broker/cluster"

// A handOver is how far a planned hand-over has come.
type handOver struct {
	to       *cluster.Broker // who will be the owner, or nil if there is no hand-over
	snapshot string
	after    Mark // must be on record first
}

// HandOver makes to the owner as soon as all marks before it are on record. Later ones never will be. snapshot is
// the id of the snapshot that to has received, or "". If to is the zero value, nobody is the owner, and any other
// broker may take over at once. This broker then stays a standby for good, because its process is about to end. It must
// have granted nothing since it took the snapshot.
func (m *Machine) HandOver(to cluster.Broker, snapshot string) {
	if m.role == serving {
		m.handOver = handOver{to: &to, snapshot: snapshot, after: m.record.last}
	}
}

// IsBecoming reports whether this broker is the owner, or may be soon without doing anything more: the record names it,
// or it has begun to take over.
func (m *Machine) IsBecoming() bool {
	return m.role != standby || m.watch.head.Owner.ID == m.config.Self.ID && !m.resigned
}

// Resign makes nobody the owner, as HandOver does. This broker must have granted nothing in this term. If it has
// accepted a snapshot, the record names that again, so that another standby can accept it.
func (m *Machine) Resign() {
	m.HandOver(cluster.Broker{}, m.accepted)
}

// composeHandOver makes p the write by which another broker becomes the owner, or nobody. The other one begins the
// next term when it accepts.
func (m *Machine) composeHandOver(p *pending) {
	next := m.owner
	next.Broker, next.Snapshot = *m.handOver.to, m.handOver.snapshot
	p.kind, p.write.Owner = handsOver, &next
}

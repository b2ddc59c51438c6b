package broker

import (
	"errors"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
)

// A clusterSource keeps in the record of a cluster what a broker alone keeps in its state directory: the fencing
// tokens, and the sessions that may come back.
type clusterSource struct{ member *member }

// Start implements fence.Source. The broker must be the owner.
func (s clusterSource) Start() (b core.Beginning) {
	s.member.do(func(m *owner.Machine, now owner.Instant) {
		b.First, _ = m.Tokens()
		b.Roll, b.Grace = owner.RollOf(m.TakeSessions()), m.GraceEnds()-now.Mono
		left := s.member.handOver.take(m.Accepted())
		if left == nil {
			return
		}
		b.Snapshot = left
		if left.Clean { // otherwise others may hold what the snapshot does not have
			b.Grace = 0
		}
	})
	return b
}

// Reserve implements fence.Source.
func (s clusterSource) Reserve(r core.Reservation) error {
	var mark owner.Mark
	s.member.do(func(m *owner.Machine, _ owner.Instant) { mark = m.Reserve(r.Limit) })
	return s.await(mark)
}

// await waits until a mark is on record. All earlier marks are then, too.
func (s clusterSource) await(mark owner.Mark) error {
	if !s.member.await(func() bool { return s.member.machine.Recorded(mark) }) {
		return ErrNotOwner
	}
	return nil
}

// KeepsRecord implements fence.Source.
func (s clusterSource) KeepsRecord() bool { return true }

// Record implements fence.Source.
func (s clusterSource) Record(changes []core.Change) error {
	var last owner.Mark
	s.member.do(func(m *owner.Machine, _ owner.Instant) {
		for i := range changes {
			last = max(last, change(m, &changes[i]))
		}
	})
	return s.await(last)
}

// change makes a change of the record.
func change(m *owner.Machine, c *core.Change) owner.Mark {
	id := c.Session
	if id == "" {
		id = cluster.Others
	}
	switch {
	case c.Nothing:
		return 0
	case c.Ends:
		return m.Strike(id)
	case c.Revoked > 0:
		return m.Revoke(id, c.Revoked)
	}
	on := cluster.Session{ID: id, Identity: c.Identity, Revoked: c.Revokes}
	if c.Session != "" {
		on.Key = c.Key[:]
	}
	return m.Enter(on)
}

// Stop implements fence.Source: it sends what is left to a standby. The ownership ends later, when the clients have
// been told (loop.stop).
func (s clusterSource) Stop(_ time.Duration, left *core.Snapshot) error {
	if left != nil && !s.member.sendSnapshot(left) {
		return errNoStandby
	}
	return nil
}

var errNoStandby = errors.New("no standby has taken the locks over")

// Close implements fence.Source.
func (s clusterSource) Close() error { return nil }

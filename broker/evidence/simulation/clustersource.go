package simulation

import (
	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
)

// This file follows broker/clustersource.go: what the core has on record is in the record of the cluster.

// A clusterSource is the source of a broker's tokens, and of the sessions that may come back.
type clusterSource struct{ b *broker }

// A source says which tokens a run may grant and which sessions may come back, and keeps that for the next run.
type source interface {
	Start() core.Beginning
	reserve(r core.Reservation)
	record(changes []core.Change)
}

func (b *broker) source() source {
	if b.w.plan.isCluster() {
		return clusterSource{b}
	}
	return &b.files
}

// Start returns the beginning of a term.
func (s clusterSource) Start() (begin core.Beginning) {
	b, now := s.b, s.b.member.instant()
	m, broken := b.member.machine, b.w.options.Break
	begin.First, _ = m.Tokens()
	begin.Roll, begin.Grace = owner.RollOf(m.TakeSessions()), m.GraceEnds()-now.Mono
	if left := b.member.take(m.Accepted()); left != nil {
		begin.Snapshot = left
		if left.Clean {
			begin.Grace = 0
		}
	}
	switch own := b.w.plan.Takeover + b.timeout*4/3*11/10; {
	case broken == SkipsGrace:
		begin.Grace = 0
	case broken == GraceOfTimeout:
		begin.Grace = min(begin.Grace, b.timeout)
	case broken == GraceOfOwnTimeout:
		begin.Grace = min(begin.Grace, own)
	case broken == ForgetsOneMissing && begin.Snapshot == nil && len(begin.Roll.Sessions) > 0:
		begin.Roll.Sessions = begin.Roll.Sessions[1:]
	case broken == DropsSnapshot:
		begin.Snapshot = nil
	}
	return begin
}

// change makes a change of the record.
func (s clusterSource) change(c *core.Change) owner.Mark {
	m, broken := s.b.member.machine, s.b.w.options.Break
	id := c.Session
	if id == "" {
		id = cluster.Others
	}
	switch {
	case c.Nothing:
		return 0
	case c.Ends && broken == StrikesNoSession, c.Revoked > 0 && broken == StrikesNoToken,
		id == cluster.Others && !c.Ends && broken == RecordsNoOthers:
		return 0
	case c.Ends:
		return m.Strike(id)
	case c.Revoked > 0:
		return m.Revoke(id, c.Revoked)
	}
	on := cluster.Session{ID: id, Identity: c.Identity}
	if broken != StrikesNoToken {
		on.Revoked = c.Revokes
	}
	if c.Session != "" {
		on.Key = c.Key[:]
	}
	return m.Enter(on)
}

// reserve reserves tokens.
func (s clusterSource) reserve(r core.Reservation) {
	s.b.recording.tokens = s.b.member.machine.Reserve(r.Limit)
	s.b.member.kick()
}

// record makes changes of the record, in order.
func (s clusterSource) record(changes []core.Change) {
	for i := range changes {
		s.b.recording.mark = max(s.b.recording.mark, s.change(&changes[i]))
	}
	s.b.member.kick()
}

// look notes what is on record by now.
func (s clusterSource) look() {
	r, m := &s.b.recording, s.b.member.machine
	r.isStored = r.storing > 0 && m.Recorded(r.mark)
	r.hasTokens = s.b.limit > 0 && m.Recorded(r.tokens)
}

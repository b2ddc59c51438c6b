package core

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// A holder on record that loses its locks against its will is struck off the record, and only then do others get them:
// its client could claim them after a crash, if it has not noticed the loss. A client that keeps to the protocol claims
// nothing later than the session timeout after its last message that was answered, and what it is told after a loss
// comes after the word of that loss. So tokens need not stay struck off for ever.

// A revocation is a token that was struck off the record, and when.
type revocation struct {
	token int64
	at    time.Duration
}

// mostRevoked is how many tokens of a session may be struck off within the time that they count. A session that loses
// more is taken off the record instead, so that neither the record nor a change of it becomes long.
const mostRevoked = 1000

// revokedCount is for how many session timeouts a revoked token counts: one by the client's clock, and some time for a
// message that is on its way.
const revokedCount = 2

// revoke strikes a holder off the record. Then the table ends it.
func (m *Machine) revoke(now time.Duration, strike locktable.Strike) {
	struck := func(now time.Duration, events []locktable.Event) []locktable.Event {
		return m.table.Struck(now, strike, events)
	}
	s := m.lastings.byName[strike.ID.Session]
	if s == nil { // it is being struck off itself
		m.record.change(Change{Session: strike.ID.Session, Revoked: strike.Token}, struck)
		return
	}
	s.revoked = append(s.revoked, revocation{strike.Token, now})
	old := s.revokedBy(now - revokedCount*max(m.config.Timeout, m.lastTimeout))
	isShort := old <= len(s.revoked)/2
	if !isShort {
		s.revoked = slices.Clone(s.revoked[old:])
		old = 0
	}
	switch {
	case s.demoted || len(s.revoked)-old > mostRevoked:
		m.demote(s, struck)
	case isShort:
		m.record.change(Change{Session: s.name, Revoked: strike.Token}, struck)
	default:
		m.record.change(s.entry(), struck) // forgets the old ones
	}
}

// revokedBy returns how many of the revoked tokens were struck off by then.
func (s *lasting) revokedBy(then time.Duration) int {
	old := slices.IndexFunc(s.revoked, func(r revocation) bool { return r.at > then })
	if old < 0 {
		return len(s.revoked)
	}
	return old
}

// demote takes a session off the record, and then calls then. It goes on as one of the others: it is kept by this run,
// but no crash.
func (m *Machine) demote(s *lasting, then func(time.Duration, []locktable.Event) []locktable.Event) {
	g := &m.record
	s.revoked = nil
	if s.demoted {
		g.change(Change{Nothing: true}, then)
		return
	}
	s.demoted = true
	if g.others == offRecord {
		m.recordOthers(nil)
	}
	g.demoting++
	off := func(now time.Duration, events []locktable.Event) []locktable.Event {
		g.demoting--
		if s.recorded = offRecord; m.lastings.byName[s.name] == s {
			m.table.LeaveRecord(s.name)
		}
		return then(now, events)
	}
	g.change(Change{Session: s.name, Ends: true}, off)
}

// revokes returns the tokens of s that are struck off.
func (s *lasting) revokes() []int64 {
	var tokens []int64
	for _, r := range s.revoked {
		tokens = append(tokens, r.token)
	}
	return tokens
}

func (s *lasting) isRevoked(token int64) bool {
	return slices.ContainsFunc(s.revoked, func(r revocation) bool { return r.token == token })
}

// revokedBefore returns the revocations of the last run, as if they had come at the beginning of this one.
func revokedBefore(tokens []int64) []revocation {
	var all []revocation
	for _, token := range tokens {
		all = append(all, revocation{token: token})
	}
	return all
}

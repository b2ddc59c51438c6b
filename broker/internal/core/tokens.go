package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// WantsTokens begins a reservation of fencing tokens, if it is time for one and none is under way. The
// caller stores its record, and then calls TokensReserved.
func (m *Machine) WantsTokens(now time.Duration) (Reservation, bool) {
	return m.ledger.reserve(m.table.NextToken(), now)
}

// TokensReserved ends a reservation whose record has been stored: the tokens below limit are reserved.
// limit is 0 if the caller has given up.
func (m *Machine) TokensReserved(limit int64) { m.ledger.add(limit) }

// CanAllow reports whether there are tokens that the lock table may give out but has not been told
// about.
func (m *Machine) CanAllow(now time.Duration) bool {
	return m.drain == nil && m.ledger.canAllow(now) && m.missing == 0 && m.record.purging == 0
}

// Allow lets the lock table give out all reserved tokens. The table then grants the requests that
// waited for tokens, or the first slice of them. CanAllow must be true.
func (m *Machine) Allow(now time.Duration, events []locktable.Event) []locktable.Event {
	m.table.EndReclaiming()
	return m.table.Allow(now, m.ledger.allow(), events)
}

// TokensLeft returns how many fencing tokens are reserved and not given out yet.
func (m *Machine) TokensLeft() int64 { return max(m.ledger.limit-m.table.NextToken(), 0) }

// Pause returns why nothing is being granted, or "" while locks are being granted.
func (m *Machine) Pause(now time.Duration) wire.Pause {
	next, g := m.table.NextToken(), &m.ledger
	switch {
	case m.drain != nil || m.OutOfTokens(): // without tokens left, the broker drains
		return wire.PauseDraining
	case g.inGrace(now):
		return wire.PauseGrace
	case g.isUsedUp(next):
		return wire.PauseNoTokens
	case next < g.allowed:
		return ""
	case g.allowed == g.beginning.First && g.beginning.Grace > 0: // until Allow is called
		return wire.PauseGrace
	}
	return wire.PauseNoTokens
}

// HasTokens reports whether any reserved token is left. During the grace period it may not be given out
// yet.
func (m *Machine) HasTokens() bool { return !m.ledger.isUsedUp(m.table.NextToken()) }

// GraceMS returns what is left of the grace period, in milliseconds, rounded up.
func (m *Machine) GraceMS(now time.Duration) int64 { return m.ledger.graceMS(now) }

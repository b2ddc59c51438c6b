package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A ledger knows which fencing tokens a run may give out, and when. Tokens are reserved first: the
// record of a reservation is stored before the first of its tokens is given out. During the grace
// period reserved tokens are kept back.
type ledger struct {
	beginning Beginning
	ahead     int64         // how many tokens are reserved at a time
	timeout   time.Duration // the session timeout of the run

	limit     int64 // tokens below it are reserved
	allowed   int64 // tokens below it may be given out
	reserving bool  // a reservation has begun and not ended
}

// A Reservation is a range of fencing tokens that the caller must record before they are given out.
type Reservation struct {
	Limit int64         // the tokens below it
	Stale time.Duration // how long clients of this run may be stale holders if it ends now
}

// Record returns what must be stored before the tokens are given out.
func (r Reservation) Record() Record { return Record{Next: r.Limit, Timeout: r.Stale} }

func newLedger(beginning Beginning, ahead int64, timeout time.Duration) ledger {
	return ledger{
		beginning: beginning, ahead: ahead, timeout: timeout,
		limit: beginning.First, allowed: beginning.First,
	}
}

// isUsedUp reports whether all reserved tokens are used up. next is the next token.
func (g *ledger) isUsedUp(next int64) bool { return next >= g.limit }

// hasReserved reports whether this run has reserved tokens.
func (g *ledger) hasReserved() bool { return g.limit > g.beginning.First }

// inGrace reports whether clients of earlier runs may still be stale holders.
func (g *ledger) inGrace(now time.Duration) bool { return now < g.beginning.Grace }

// endGrace ends the grace period, unless it is over.
func (g *ledger) endGrace(now time.Duration) { g.beginning.Grace = min(g.beginning.Grace, now) }

// graceMS returns what is left of the grace period, in milliseconds, rounded up.
func (g *ledger) graceMS(now time.Duration) int64 {
	return max(g.beginning.Grace-now+time.Millisecond-1, 0).Milliseconds()
}

// canAllow reports whether allow would raise the limit of the tokens that may be given out.
func (g *ledger) canAllow(now time.Duration) bool { return g.allowed < g.limit && !g.inGrace(now) }

// allow allows all reserved tokens to be given out, and returns the new limit.
func (g *ledger) allow() int64 {
	g.allowed = g.limit
	return g.allowed
}

// reserve begins a reservation if at most half of one is left and none is under way. next is the next
// token.
func (g *ledger) reserve(next int64, now time.Duration) (Reservation, bool) {
	limit := min(next+g.ahead, wire.MaxInteger+1)
	if g.reserving || limit <= g.limit || g.limit-next > g.ahead/2 {
		return Reservation{}, false
	}
	g.reserving = true
	return Reservation{Limit: limit, Stale: g.staleFor(now)}, true
}

// add ends a reservation: the tokens below limit are now reserved. limit is 0 if it has failed.
func (g *ledger) add(limit int64) {
	g.reserving = false
	g.limit = max(g.limit, limit)
}

// staleAtEnd returns how long there may be stale holders if the run stops now. held is how many
// requests still hold their locks.
func (g *ledger) staleAtEnd(held int, now time.Duration) time.Duration {
	if held == 0 && !g.inGrace(now) {
		return 0
	}
	return g.staleFor(now)
}

// staleFor returns how long there may be stale holders if the run ends now without a stop.
func (g *ledger) staleFor(now time.Duration) time.Duration {
	if g.inGrace(now) {
		return max(g.beginning.Grace, g.timeout)
	}
	return g.timeout
}

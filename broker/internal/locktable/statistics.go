package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Statistics are numbers that describe the whole table.
type Statistics struct {
	Waiting    int // how many requests wait or steal
	Holding    int // how many requests hold, also those of sessions that have left and are kept
	Locks      int // how many locks are held or waited for
	Remembered int // how many other lock names the table knows
	Kept       int // how many sessions have left and are kept
}

// Statistics returns the numbers as the last call has left them. It takes a few nanoseconds, whatever
// the table holds.
func (t *Table) Statistics() Statistics {
	return Statistics{
		Waiting: t.open - t.held, Holding: t.held,
		Locks: t.locks.len - t.idle.len, Remembered: t.idle.len,
		Kept: len(t.keeps),
	}
}

// An Age says since when a request has been in its state. Its ID is zero if there is no such request.
type Age struct {
	ID    wire.ID
	Since time.Duration
}

// Oldest returns the request of a session that has waited longest, and the one that has held longest.
func (t *Table) Oldest(session string) (waiter, holder Age) {
	if s := t.sessions.Get(session); s != nil {
		waiter, holder = ageOf(s.waiting.first), ageOf(s.holding.first)
	}
	return waiter, holder
}

func ageOf(r *request) Age {
	if r == nil {
		return Age{}
	}
	return Age{r.id(), r.since}
}

// UsersOf returns how many requests hold a lock and how many wait for it.
func (t *Table) UsersOf(lock string) (holding, waiting int) {
	if l := t.locks.get(lock); l != nil {
		holding, waiting = int(l.holding), int(l.waiting)
	}
	return holding, waiting
}

// Describe describes a request as seen from its first lock. It returns false if it has ended.
func (t *Table) Describe(id wire.ID) (wire.RequestInfo, bool) {
	r := t.find(id)
	if r == nil {
		return wire.RequestInfo{}, false
	}
	return t.describe(&r.places()[0]), true
}

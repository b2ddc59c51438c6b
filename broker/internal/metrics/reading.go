package metrics

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// A Reading is what a scrape reads from a broker.
type Reading struct {
	Loop *LoopReading // nil: the loop has not answered in time

	Pause string // why nothing is granted, or ""; not known before the loop serves
	Term  int64  // of this broker, if it is the owner and may answer; otherwise 0

	Handshakes        int // connections that are not sessions
	HandshakesRefused int64
	UpgradesRefused   map[int]int64 // by status
	Received, Sent    int64         // bytes

	Lags        int64 // how often a watch has begun to lag
	SlowClients int64 // how many clients were cut off because they read too slowly

	Unsent                  int64 // bytes
	MemoryUsed, MemoryLimit int64 // bytes
	Refusals                []Refusals

	AuditDropped int64 // records
}

// Refusals say how often a limit has made the broker refuse something.
type Refusals struct {
	Limit string
	Count int64
}

// A LoopReading is what only the loop knows.
type LoopReading struct {
	Tally        *Tally // a copy
	Now          time.Duration
	Table        locktable.Statistics
	Watches      int
	Absent       int   // sessions
	Tokens       int64 // how many may be granted before more must be reserved
	Reservations int64

	ReservationFailures int64

	LongestWait, LongestHold time.Duration // of requests that still wait or hold

	uses []lockUse // of the locks of the tally, in the same order
}

type lockUse struct{ holding, waiting int }

// ReadLocks asks how many requests hold each single lock and wait for it.
func (r *LoopReading) ReadLocks(usersOf func(lock string) (holding, waiting int)) {
	for i := range r.Tally.locks.all {
		holding, waiting := usersOf(r.Tally.locks.all[i].name)
		r.uses = append(r.uses, lockUse{holding, waiting})
	}
}

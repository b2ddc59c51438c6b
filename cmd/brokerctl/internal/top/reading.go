package top

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A reading holds what the table keeps about a lock of a listing.
type reading struct {
	name             string
	seq, grants      int64
	holding, waiting int
	// The first holder has held the lock longest. The first waiter has waited longest.
	first             wire.RequestInfo // the first holder, without its locks
	waiter            wire.ID
	heldFor, waitsFor time.Duration
}

func readingOf(lock wire.LockInfo) reading {
	r := reading{name: lock.Name, seq: lock.Seq, grants: lock.Grants, holding: lock.Holding, waiting: lock.Waiting}
	if len(lock.Holders) > 0 {
		first := lock.Holders[0]
		r.first, r.heldFor = first, first.Duration()
		r.first.Locks = nil
	}
	if len(lock.Waiters) > 0 {
		first := lock.Waiters[0]
		r.waiter, r.waitsFor = first.ID, first.Duration()
	}
	return r
}

// A page message contains some of the locks of a sweep.
type page struct {
	at       time.Time // of the reading
	session  string    // of the connection
	readings []reading // ordered by seq
}

// A swept message ends a sweep.
type swept struct {
	at  time.Time
	err error // why the sweep ended early; nil: all locks were read
}

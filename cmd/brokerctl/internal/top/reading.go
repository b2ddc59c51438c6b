package top

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A reading is what is kept of a lock in a listing.
type reading struct {
	name             string
	seq, grants      int64
	holding, waiting int
	// The first holder has held longest, the first waiter waited longest.
	author            string
	holder, waiter    wire.ID
	heldFor, waitsFor time.Duration
}

func readingOf(lock wire.LockInfo) reading {
	r := reading{name: lock.Name, seq: lock.Seq, grants: lock.Grants, holding: lock.Holding, waiting: lock.Waiting}
	if len(lock.Holders) > 0 {
		first := lock.Holders[0]
		r.author, r.holder, r.heldFor = first.Author, first.ID, first.Duration()
	}
	if len(lock.Waiters) > 0 {
		first := lock.Waiters[0]
		r.waiter, r.waitsFor = first.ID, first.Duration()
	}
	return r
}

// A page is what a scanner sends now and then during a sweep.
type page struct {
	at       time.Time // when it was read
	session  string    // the connection on which
	readings []reading // by seq
}

// A swept ends a sweep.
type swept struct {
	at  time.Time
	err error // why it ended early; nil: all locks were read
}

package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A resource is what an exclusive lock protects. It takes each write twice: as a resource that checks fencing tokens,
// and as one that does not.
type resource struct {
	token   int64 // the greatest token that the first one has seen
	grant   int64 // the latest grant among the writes that the first one has accepted
	written int64 // the latest grant among all writes
}

// A write is on its way from a holder to the resource of a lock.
type write struct {
	lock  int
	token int64
	grant int64 // which grant of the world the holder writes under
}

// writeDelay is how long a write may take to arrive.
const writeDelay = 2 * time.Second

// write sends a write to the resource of each exclusive lock that a call holds.
func (w *World) write(c *call) {
	grant := c.token // of clusters: tokens rise with the grants
	switch r := w.request(c.id); {
	case w.plan.lasts():
	case r == nil:
		return
	default:
		grant = r.grant
	}
	for i, lock := range c.locks {
		if c.plan.Locks[i].Mode != wire.Exclusive {
			continue
		}
		number := len(w.writes)
		w.writes = append(w.writes, write{lock, c.token, grant})
		delay := upTo(w.plan.Delay, w.random(forWrite, uint64(number)))
		if chance(10, w.random(forWrite, uint64(number), 1)) {
			delay += upTo(writeDelay, w.random(forWrite, uint64(number), 2))
		}
		w.events.add(event{at: w.now + delay, kind: evWritten, what: int32(number)})
	}
}

// written lets a write arrive.
func (w *World) written(m *write) {
	r := &w.resources[m.lock]
	if m.grant <= w.forgotten {
		return
	}
	if m.grant < r.written {
		w.counts.add(SawStaleWrite)
	}
	r.written = max(r.written, m.grant)
	if m.token < r.token && w.options.Break != TakesAllWrites {
		w.counts.add(SawFenced)
		return
	}
	if m.grant < r.grant {
		w.violate(promise.Fencing, "a write under grant %d, token %d, came after one under grant %d, token %d",
			m.grant, m.token, r.grant, r.token)
	}
	r.token, r.grant = m.token, m.grant
}

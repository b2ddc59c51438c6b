package broker

import (
	"slices"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

const (
	// keptDeadlocks is how many refused deadlocks the broker remembers.
	keptDeadlocks = 10
	// keptSteps is how many steps of a cycle it remembers.
	keptSteps = 50
)

// refusedDeadlocks are the last requests that were refused as deadlocks. Only the refused client is told of
// its cycle, so without them an operator could not see it. The loop adds to them, and others read.
type refusedDeadlocks struct {
	mu    sync.Mutex
	last  []refusedDeadlock // the oldest first
	count int64             // how many were refused since the start
}

// A refusedDeadlock is one of them. It does not change.
type refusedDeadlock struct {
	at    time.Time
	steps int         // of the whole cycle
	cycle []wire.Step // its first steps
}

// add remembers a cycle that has steps steps, of which these are the first ones. It copies them, because the
// reply to the client may hide parts of them.
func (d *refusedDeadlocks) add(at time.Time, cycle []wire.Step, steps int) {
	if d == nil {
		return
	}
	kept := slices.Clone(cycle[:min(len(cycle), keptSteps)])
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count++
	if len(d.last) == keptDeadlocks {
		d.last = slices.Delete(d.last, 0, 1)
	}
	d.last = append(d.last, refusedDeadlock{at, steps, kept})
}

// all returns what is remembered, the newest first.
func (d *refusedDeadlocks) all() []refusedDeadlock {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := slices.Clone(d.last)
	slices.Reverse(all)
	return all
}

// total returns how many were refused since the start.
func (d *refusedDeadlocks) total() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

package broker

import (
	"sync/atomic"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A backlog counts in units. Every item counts as one, and as another one for each backlogUnit bytes
// that it takes.
const (
	backlogUnit = 512
	// maxBacklog is how much of one session may always wait for the loop. If there is more, the
	// reader waits until only half as much is left. So a client that floods the broker cannot
	// fill its memory.
	maxBacklog = 32
	// maxBurst takes the place of maxBacklog while less than maxBursts waits of all sessions
	// together, which takes 32 MiB. A client that hundreds of goroutines share sends that much at
	// once, and its reader should not wait in between.
	maxBurst  = 256
	maxBursts = 64 << 10
)

// A backlog counts what a reader has sent and the loop has not handled yet.
type backlog struct {
	units  atomic.Int32
	total  *atomic.Int64 // units of all sessions
	shrunk chan struct{} // holds a token once the backlog has shrunk to half of a limit
}

func newBacklog(total *atomic.Int64) backlog {
	return backlog{total: total, shrunk: make(chan struct{}, 1)}
}

// grow counts an item.
func (b *backlog) grow(units int32) {
	b.units.Add(units)
	b.total.Add(int64(units))
}

// isFull reports whether there is so much that the reader must wait.
func (b *backlog) isFull() bool {
	units := b.units.Load()
	return units > maxBurst || units > maxBacklog && b.total.Load() >= maxBursts
}

// shrink counts an item that the loop has handled.
func (b *backlog) shrink(units int32) {
	b.total.Add(-int64(units))
	left := b.units.Add(-units)
	for _, half := range [...]int32{maxBacklog / 2, maxBurst / 2} {
		if left <= half && left+units > half {
			select {
			case b.shrunk <- struct{}{}:
			default:
			}
		}
	}
}

// await waits until the backlog is within its limit again. It reports false if ended is closed
// first.
func (b *backlog) await(ended <-chan struct{}) bool {
	for b.isFull() {
		select {
		case <-b.shrunk:
		case <-ended:
			return false
		}
	}
	return true
}

// unitsOf returns how much a request counts.
func unitsOf(m wire.Request) int32 {
	a, is := m.(*wire.Acquire)
	if !is {
		return 1
	}
	bytes := len(a.Author)
	for i := range a.Locks {
		bytes += 64 + len(a.Locks[i].Name)
	}
	return 1 + int32(bytes/backlogUnit)
}

package broker

import (
	"sync/atomic"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A backlog counts in units. Every item counts as one, and as another one for each backlogUnit bytes
// that it takes.
const (
	backlogUnit = 512
	// maxBacklog is how much of one session may wait for the loop. If there is more, the reader
	// waits until only half as much is left. So a client that floods the broker cannot fill its
	// memory.
	maxBacklog = 32
)

// A backlog counts what a reader has sent and the loop has not handled yet.
type backlog struct {
	units  atomic.Int32
	shrunk chan struct{} // holds a token once the backlog has shrunk to half
}

// grow counts an item.
func (b *backlog) grow(units int32) { b.units.Add(units) }

// isFull reports whether there is so much that the reader must wait.
func (b *backlog) isFull() bool { return b.units.Load() > maxBacklog }

// shrink counts an item that the loop has handled.
func (b *backlog) shrink(units int32) {
	if left := b.units.Add(-units); left <= maxBacklog/2 && left+units > maxBacklog/2 {
		select {
		case b.shrunk <- struct{}{}:
		default:
		}
	}
}

// await waits until the backlog is within maxBacklog again. It reports false if ended is closed
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

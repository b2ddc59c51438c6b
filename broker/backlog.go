package broker

import "sync/atomic"

// maxBacklog is how many items of one session may wait for the loop. If there are more, the reader
// waits until only half as many are left. So a client that floods the broker cannot fill its
// memory.
const maxBacklog = 32

// A backlog counts the items that a reader has sent but the loop has not handled yet.
type backlog struct {
	items  atomic.Int32
	shrunk chan struct{} // holds a token once the backlog has shrunk to half
}

// grow counts an item that the reader has sent, and reports whether the reader must now wait.
func (b *backlog) grow() (mustWait bool) { return b.items.Add(1) > maxBacklog }

// isFull reports whether there are so many items that the reader must wait.
func (b *backlog) isFull() bool { return b.items.Load() > maxBacklog }

// shrink counts an item that the loop has handled.
func (b *backlog) shrink() {
	if b.items.Add(-1) == maxBacklog/2 {
		select {
		case b.shrunk <- struct{}{}:
		default:
		}
	}
}

// await waits until the backlog is within maxBacklog again. It reports false if ended is closed
// first.
func (b *backlog) await(ended <-chan struct{}) bool {
	for b.items.Load() > maxBacklog {
		select {
		case <-b.shrunk:
		case <-ended:
			return false
		}
	}
	return true
}

package broker

import "sync/atomic"

// maxBacklog is how many items of a session may wait for the loop. If there are more, the reader
// waits until half of them are handled. So a client that floods cannot fill the memory.
const maxBacklog = 32

// A backlog counts the items that a reader has sent and the loop has not handled yet.
type backlog struct {
	items  atomic.Int32
	shrunk chan struct{} // has a token if the backlog has become short
}

// grow counts an item that was sent. It reports true if the reader must wait.
func (b *backlog) grow() (mustWait bool) { return b.items.Add(1) > maxBacklog }

// shrink counts an item that the loop has handled.
func (b *backlog) shrink() {
	if b.items.Add(-1) == maxBacklog/2 {
		select {
		case b.shrunk <- struct{}{}:
		default:
		}
	}
}

// await waits until the backlog is no longer too long. It reports false if ended is closed first.
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

package broker

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// inboxRoom is how many items may lie in the inbox before readers wait: enough
// that the loop is woken once for many, and handled in less than a millisecond.
const inboxRoom = 256

// An item is what a session's reader tells the loop; exactly one of opened,
// request, fault and ended is set.
type item struct {
	session *session
	verdict chan verdict // where the loop says what it did to others, or nil; closed when it did nothing

	opened  bool
	request wire.Request // well-formed and within the limits
	fault   *wire.Error  // a frame that could not be read, to be answered
	ended   *ending
}

// An inbox carries items from all readers to the loop, in the order in which
// they were put in.
type inbox struct {
	wake chan struct{} // has a token when there is something to take

	mu     sync.Mutex
	room   sync.Cond
	items  []item
	closed bool
}

func newInbox() *inbox {
	b := &inbox{wake: make(chan struct{}, 1)}
	b.room.L = &b.mu
	return b
}

// put waits until there is room, and reports whether it has waited. It also reports
// false when the loop has ended and nobody will take the item.
func (b *inbox) put(it item) (waited, taken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.items) >= inboxRoom && !b.closed {
		waited = true
		b.room.Wait()
	}
	if b.closed {
		return waited, false
	}
	b.items = append(b.items, it)
	if len(b.items) == 1 {
		b.wake <- struct{}{} // has room: the last token was taken with the last items
	}
	return waited, true
}

// take returns all items, in exchange for the emptied slice of the time before.
// It is to be called after each receive from wake, and only then.
func (b *inbox) take(emptied []item) []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := b.items
	b.items = emptied
	b.room.Broadcast()
	return items
}

// close makes put fail from now on, and returns what nobody has taken.
func (b *inbox) close() []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.room.Broadcast()
	return b.items
}

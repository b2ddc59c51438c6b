package broker

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An item is what a session tells the loop.
type item struct {
	session *session
	kind    itemKind
	request wire.Request // of a request: well-formed, within the limits, with a good id
	fault   *wire.Error  // of a fault: the answer
	ended   *ending      // of an end
}

type itemKind uint8

const (
	itemOpened   itemKind = iota // the session may be spoken to
	itemRequest                  // the client asks for something
	itemFault                    // the client sent what cannot be handled
	itemEnded                    // the connection has ended
	itemPageSent                 // the writer has sent a page
	itemLogged                   // what the session did to others is in the log
)

// An inbox carries items from the goroutines of all sessions to the loop. Those of one goroutine
// arrive in the order in which it put them. Nobody waits to put something: each session has only so
// many items on their way (see [session.pass]).
type inbox struct {
	wake chan struct{} // has a token when there is something to take

	mu     sync.Mutex
	items  []item
	closed bool
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put reports false when the loop has ended and nobody will take the item.
func (b *inbox) put(it item) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.items = append(b.items, it)
	if len(b.items) == 1 {
		b.rouse()
	}
	return true
}

// rouse wakes the loop.
func (b *inbox) rouse() {
	select {
	case b.wake <- struct{}{}:
	default: // the loop has taken items without being woken
	}
}

// take returns all items, in exchange for the emptied slice of the time before.
func (b *inbox) take(emptied []item) []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := b.items
	b.items = emptied
	return items
}

// close makes put fail from now on, and returns what nobody has taken.
func (b *inbox) close() []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.items
}

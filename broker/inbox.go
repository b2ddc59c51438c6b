package broker

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// An item is one thing that a session tells the loop. The methods of loopSender are the only ones
// that make items.
type item struct {
	session *session
	// what is one of:
	//   - a wire.Request: well-formed, within the limits, and with a valid id
	//   - a *wire.Error: the answer to something that cannot be handled
	//   - an *ending: the connection has ended
	//   - a notice
	what any
}

// A notice is an item that needs no more than its name.
type notice uint8

const (
	noticeOpened   notice = iota // the session may be sent replies
	noticePageSent               // the writer has sent a page
	noticeLogged                 // what the session did to others is in the log
)

// A loopSender is the only way by which the goroutines of a connection reach the loop. Each method
// reports false if the loop has ended and the item is dropped.
type loopSender interface {
	sendOpened() bool
	sendRequest(m wire.Request) bool
	sendFault(answer *wire.Error) bool
	sendEnded(how *ending) bool
	sendPageSent() bool
	sendLogged() bool
	wakeLoop()
}

func (s *session) sendOpened() bool                  { return s.inbox.put(item{s, noticeOpened}) }
func (s *session) sendRequest(m wire.Request) bool   { return s.inbox.put(item{s, m}) }
func (s *session) sendFault(answer *wire.Error) bool { return s.inbox.put(item{s, answer}) }
func (s *session) sendEnded(how *ending) bool        { return s.inbox.put(item{s, how}) }
func (s *session) sendPageSent() bool                { return s.inbox.put(item{s, noticePageSent}) }
func (s *session) sendLogged() bool                  { return s.inbox.put(item{s, noticeLogged}) }
func (s *session) wakeLoop()                         { s.inbox.wakeLoop() }

// An inbox carries items from the goroutines of all sessions to the loop. Items of one goroutine
// arrive in order. Nobody waits to put an item: the backlog of each session is bounded.
type inbox struct {
	wake chan struct{} // has a token if there may be items

	mu     sync.Mutex
	items  []item
	closed bool
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put adds an item. It reports false if the loop has ended.
func (b *inbox) put(it item) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.items = append(b.items, it)
	if len(b.items) == 1 {
		b.wakeLoop()
	}
	return true
}

func (b *inbox) wakeLoop() {
	select {
	case b.wake <- struct{}{}:
	default: // the loop has not used the last token yet
	}
}

// takeAll returns all items. emptied is the slice of the call before, for reuse.
func (b *inbox) takeAll(emptied []item) []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	items := b.items
	b.items = emptied
	return items
}

// close makes put fail from now on, and returns the items that the loop has not taken.
func (b *inbox) close() []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.items
}

package broker

import (
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// An item is one thing that a session tells the loop. Only the methods of loopSender create items.
type item struct {
	session *session
	// what is one of:
	//   - a wire.Request: well-formed, within the limits, and with a valid id
	//   - a wire.Reply: an answer that the loop need not decide, such as the refusal of a frame
	//   - a *rights: those that the session has from now on
	//   - an *ending: the connection has ended
	//   - a notice
	//   - a *inquiry, which has no session
	what  any
	units int32 // in the backlog of the session
}

// A notice is an item without content.
type notice uint8

const (
	noticeOpened   notice = iota // the session exists, and may be sent replies
	noticePageSent               // the writer has sent a page
	noticeLogged                 // the log has recorded what the session did to others
)

// A loopSender is the only way for the goroutines of a connection to reach the loop. Each send
// method reports false if the loop has ended, in which case the item is dropped.
type loopSender interface {
	sendOpened() bool
	sendRequest(m wire.Request) bool
	sendReply(answer wire.Reply) bool
	sendRights(now *rights) bool
	sendEnded(how *ending) bool
	sendPageSent() bool
	sendLogged() bool
	wakeLoop()
}

func (s *session) sendOpened() bool            { return s.inbox.put(item{session: s, what: noticeOpened}) }
func (s *session) sendRights(now *rights) bool { return s.inbox.put(item{session: s, what: now}) }
func (s *session) sendEnded(how *ending) bool  { return s.inbox.put(item{session: s, what: how}) }
func (s *session) sendPageSent() bool          { return s.inbox.put(item{session: s, what: noticePageSent}) }
func (s *session) sendLogged() bool            { return s.inbox.put(item{session: s, what: noticeLogged}) }
func (s *session) wakeLoop()                   { s.inbox.wakeLoop() }

func (s *session) sendRequest(m wire.Request) bool { return s.sendItem(m, unitsOf(m)) }

func (s *session) sendReply(answer wire.Reply) bool {
	return s.sendItem(answer, 1+int32(jsonsize.Reply(answer)/backlogUnit))
}

// sendItem sends an item that counts in the backlog.
func (s *session) sendItem(what any, units int32) bool {
	s.backlog.grow(units)
	return s.inbox.put(item{session: s, what: what, units: units})
}

// An inbox carries items from the goroutines of all sessions to the loop. Items from one goroutine
// arrive in order. Putting an item never blocks; the backlog of each session limits how many there
// can be.
type inbox struct {
	wake chan struct{} // holds a token if there may be items

	mu     sync.Mutex
	items  []item
	since  time.Time // when the first of the items was put
	closed bool
}

// keepItems is the greatest capacity of a slice that an inbox reuses.
const keepItems = 4096

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put adds an item, or reports false if the loop has ended.
func (b *inbox) put(it item) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.items = append(b.items, it)
	if len(b.items) == 1 {
		b.since = time.Now()
		b.wakeLoop()
	}
	return true
}

func (b *inbox) wakeLoop() {
	select {
	case b.wake <- struct{}{}:
	default: // the loop has not taken the last token yet
	}
}

// takeAll removes and returns all items. since is when the first of them was put, if there are any.
// emptied is the slice that the previous call returned, for reuse. After a rush it is too large to keep.
func (b *inbox) takeAll(emptied []item) (items []item, since time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	items = b.items
	if cap(emptied) > keepItems {
		emptied = nil
	}
	b.items = emptied
	return items, b.since
}

// close makes put fail from now on, and returns the items that the loop has not taken yet.
func (b *inbox) close() []item {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.items
}

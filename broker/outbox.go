package broker

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// outboxBytes is how much may be due to a client that does not read.
const outboxBytes = 16 << 20

// An outbox carries replies from the loop to a session's writer. Putting never
// waits.
type outbox struct {
	wake chan struct{} // has a token when something has changed

	mu      sync.Mutex
	replies []wire.Reply
	queued  int     // bytes of replies
	taken   int     // bytes that the writer has taken and not yet sent
	pong    *string // the latest WebSocket ping that is not answered yet
	end     *ending
}

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

// A parcel is what the writer has to send.
type parcel struct {
	replies []wire.Reply
	pong    *string
	end     *ending // after the replies
}

// put adds a reply. It reports false when the client is too slow: more is due
// to it than outboxBytes.
func (o *outbox) put(m wire.Reply) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end != nil {
		return true
	}
	o.replies = append(o.replies, m)
	o.queued += weigh(m)
	o.signal()
	return o.queued+o.taken <= outboxBytes
}

// answer notes a WebSocket ping. Only the latest is answered, as RFC 6455,
// section 5.5.3, allows, so that a flood of pings costs nothing.
func (o *outbox) answer(ping string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pong = &ping
	o.signal()
}

// finish ends the session after what has been put; only the first end counts.
func (o *outbox) finish(end ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil {
		o.end = &end
		o.signal()
	}
}

// cut ends the session at once: what has been put is thrown away.
func (o *outbox) cut(end ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil {
		o.end = &end
	}
	o.replies, o.queued = nil, 0
	o.signal()
}

// take returns all there is, in exchange for the parcel that has been sent.
func (o *outbox) take(sent parcel) parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := parcel{replies: o.replies, pong: o.pong, end: o.end}
	o.taken, o.queued = o.queued, 0
	clear(sent.replies)
	o.replies, o.pong = sent.replies[:0], nil
	return p
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// weigh is about how many bytes a reply takes, in memory or on the wire,
// rather more than less.
func weigh(m wire.Reply) int {
	switch m := m.(type) {
	case *wire.InfoPage:
		n := 200
		for _, l := range m.Locks {
			n += 200 + len(l.Name) + weighInfos(l.Holders) + weighInfos(l.Waiters)
		}
		return n
	case *wire.Error:
		return 200 + len(m.ID.Session) + len(m.Message) + weighInfos(m.Holders)
	}
	return 200
}

func weighInfos(infos []wire.RequestInfo) int {
	n := 0
	for _, r := range infos {
		n += 300 + len(r.Author) + len(r.Client) + len(r.Identity)
		for _, name := range r.Locks {
			n += 20 + len(name)
		}
	}
	return n
}

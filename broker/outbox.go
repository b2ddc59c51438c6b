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
	o.queued += wire.Size(m)
	o.signal()
	return o.queued+o.taken <= outboxBytes
}

// answer notes a WebSocket ping, and never fails. Only the latest is answered, as RFC 6455,
// section 5.5.3, allows, so that a flood of pings costs nothing.
func (o *outbox) answer(ping string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pong = &ping
	o.signal()
	return nil
}

// finish ends the session after what has been put. Only the first end counts,
// and is returned.
func (o *outbox) finish(end ending) ending {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil {
		o.end = &end
		o.signal()
	}
	return *o.end
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

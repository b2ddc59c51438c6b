package broker

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
)

const (
	// outboxBytes is how many bytes may be unsent to one client. Only a client that does not
	// read fast enough reaches this limit.
	outboxBytes = 16 << 20
	// changesBytes is how many of them may be changes for watches.
	changesBytes = 1 << 20
)

// An outbox carries replies from the loop, and pongs from the reader, to the writer of a session.
// No method blocks. The outbox starts a writer when there is something to send.
type outbox struct {
	wake  chan struct{} // holds a token if something has changed
	write func()        // starts a writer
	total *unsentTotal  // for all outboxes, except those of sessions that are ending

	mu      sync.Mutex
	writing bool // a writer is running
	replies []wire.Reply
	queued  unsentBytes      // the size of replies
	taken   unsentBytes      // the size of the parcel that the writer is sending
	lagging map[wire.ID]bool // watches that get no changes until resume
	ping    bool             // a ping is due
	pong    *string          // the payload of the latest unanswered WebSocket ping
	end     *ending
}

// unsentBytes counts bytes that have not been sent yet.
type unsentBytes struct{ all, changes int }

func newOutbox(total *unsentTotal, write func()) *outbox {
	return &outbox{wake: make(chan struct{}, 1), write: write, total: total}
}

// A parcel is what the writer sends in one go: a ping, a pong, the replies and the end, in this
// order.
type parcel struct {
	ping    bool
	pong    *string
	replies []wire.Reply
	end     *ending
}

// put adds a reply. It reports false if the client is too slow: more than outboxBytes are now
// unsent.
func (o *outbox) put(m wire.Reply) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.add(m)
	return o.hasRoom()
}

// putPong adds the answer to a ping message, and otherwise works like put. It reads the grant
// status while it holds the mutex, so that the pong's status is not older than that of a reply
// before it.
func (o *outbox) putPong(id wire.ID, grants *grantStatus) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	pause, _ := grants.get()
	o.add(&wire.Pong{ID: id, NotGranting: pause})
	return o.hasRoom()
}

// add adds a reply, unless the session is ending. The caller holds o.mu.
func (o *outbox) add(m wire.Reply) {
	if o.end != nil {
		return
	}
	size := replySize(m)
	o.replies = append(o.replies, m)
	o.queued.all += size
	o.total.now.Add(int64(size))
	o.signal()
}

// hasRoom reports whether no more than outboxBytes are unsent. A session that is ending always has
// room. The caller holds o.mu.
func (o *outbox) hasRoom() bool { return o.end != nil || o.queued.all+o.taken.all <= outboxBytes }

// putPing makes a WebSocket ping due.
func (o *outbox) putPing() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ping = true
	o.signal()
}

// putWebSocketPong makes the answer to a WebSocket ping due. It never fails. Only the latest ping
// is answered, as RFC 6455, section 5.5.3, allows, so a flood of pings does not make the outbox
// grow.
func (o *outbox) putWebSocketPong(payload string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pong = &payload
	o.signal()
	return nil
}

// finish ends the session once everything in the outbox has been sent. Only the first end counts,
// and finish returns it.
func (o *outbox) finish(end ending) ending {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.beginEnd(end)
	return *o.end
}

// cut ends the session at once, and drops all replies that have not been taken.
func (o *outbox) cut(end ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.beginEnd(end)
	o.total.ending.Add(-int64(o.queued.all))
	o.replies, o.queued = nil, unsentBytes{}
	o.signal()
}

// beginEnd records end, unless an earlier end was recorded. The caller holds o.mu.
func (o *outbox) beginEnd(end ending) {
	if o.end == nil {
		o.end = &end
		o.total.now.Add(-o.counted())
		o.total.ending.Add(o.counted())
		o.signal()
	}
}

// counted returns how many bytes are unsent. The caller holds o.mu.
func (o *outbox) counted() int64 { return int64(o.queued.all + o.taken.all) }

// unsent returns how many bytes have not been sent yet.
func (o *outbox) unsent() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counted()
}

// take removes and returns everything that should be sent. sent is the previous parcel; its memory
// is reused.
func (o *outbox) take(sent parcel) parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := parcel{ping: o.ping, pong: o.pong, replies: o.replies, end: o.end}
	o.taken, o.queued = o.queued, unsentBytes{}
	clear(sent.replies)
	o.replies, o.ping, o.pong = sent.replies[:0], false, nil
	return p
}

// noteSent records that the parcel taken last has been sent.
func (o *outbox) noteSent() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil {
		o.total.now.Add(-int64(o.taken.all))
	} else {
		o.total.ending.Add(-int64(o.taken.all))
	}
	o.taken = unsentBytes{}
}

// drop drops what is left when the writer has ended with the session.
func (o *outbox) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.total.ending.Add(-o.counted())
	o.replies, o.queued, o.taken = nil, unsentBytes{}, unsentBytes{}
}

// retireWriter reports whether there is nothing to send. If so, the writer must end; another one is
// started when there is something to send.
func (o *outbox) retireWriter() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ping || o.pong != nil || o.end != nil || len(o.replies) > 0 {
		return false
	}
	o.writing = false
	o.replies = nil
	return true
}

// signal wakes the writer, and starts one if none is running. The caller holds o.mu.
func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
	if !o.writing {
		o.writing = true
		o.write()
	}
}

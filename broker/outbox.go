package broker

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// outboxBytes is how much may be due to a client that does not read, and
// changesBytes how much of that may be changes.
const (
	outboxBytes  = 16 << 20
	changesBytes = 1 << 20
)

// An outbox carries replies from the loop to a session's writer. Putting never
// waits. The writer is made when there is something to send.
type outbox struct {
	wake  chan struct{} // has a token when something has changed
	write func()        // makes a writer
	total *dueTotal     // of all outboxes; what is due to a session that ends does not count

	mu      sync.Mutex
	writing bool // there is a writer
	replies []wire.Reply
	queued  due              // of replies
	taken   due              // what the writer has taken and not yet sent
	lagging map[wire.ID]bool // watches that are told nothing until they have read on
	ping    bool             // one is due
	pong    *string          // the latest WebSocket ping that is not answered yet
	end     *ending
}

// due counts bytes.
type due struct{ all, changes int }

func newOutbox(total *dueTotal, write func()) *outbox {
	return &outbox{wake: make(chan struct{}, 1), write: write, total: total}
}

// A parcel is what the writer has to send.
type parcel struct {
	ping    bool
	pong    *string
	replies []wire.Reply
	end     *ending // after the replies
}

// put adds a reply. It reports false when the client is too slow: more is due
// to it than outboxBytes.
func (o *outbox) put(m wire.Reply) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.add(m)
	return o.end != nil || o.queued.all+o.taken.all <= outboxBytes
}

// putPong is put for the answer to a ping. The standing is read here, so that what it says is no older than
// what was put before.
func (o *outbox) putPong(id wire.ID, standing *standing) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	pause, _ := standing.get()
	o.add(&wire.Pong{ID: id, NotGranting: pause})
	return o.end != nil || o.queued.all+o.taken.all <= outboxBytes
}

// add adds a reply, unless the end has begun. The caller holds o.mu.
func (o *outbox) add(m wire.Reply) {
	if o.end != nil {
		return
	}
	size := jsonsize.Reply(m)
	o.replies = append(o.replies, m)
	o.queued.all += size
	o.total.now.Add(int64(size))
	o.signal()
}

// lags reports whether a watch is told nothing now.
func (o *outbox) lags(watch wire.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.end != nil || o.lagging[watch]
}

// lag tells a watch that it has missed changes, and then nothing until resume.
func (o *outbox) lag(watch wire.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leaveOut(watch)
}

// leaveOut is lag for who holds o.mu.
func (o *outbox) leaveOut(watch wire.ID) {
	if o.lagging == nil {
		o.lagging = make(map[wire.ID]bool)
	}
	o.lagging[watch] = true
	o.add(&wire.Lagged{ID: watch})
}

// tell adds a copy of change for a watch that does not lag. It lags from then on
// when too many changes are due already.
func (o *outbox) tell(watch wire.ID, change *wire.Change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.queued.changes+o.taken.changes > changesBytes {
		o.leaveOut(watch)
		return
	}
	told := *change
	told.ID = watch
	o.add(&told)
	o.queued.changes += jsonsize.Reply(&told)
}

// resume lets a watch be told changes again. The writer calls it before it
// sends that the watch has lagged: whoever asks for the listing after reading
// that gets one that is newer, and all changes since.
func (o *outbox) resume(watch wire.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.lagging, watch)
}

// beat notes that a ping is due.
func (o *outbox) beat() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ping = true
	o.signal()
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
	o.begin(end)
	return *o.end
}

// cut ends the session at once: what has been put is thrown away.
func (o *outbox) cut(end ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begin(end)
	o.replies, o.queued = nil, due{}
	o.signal()
}

// begin begins the end, unless it has begun. The caller holds o.mu.
func (o *outbox) begin(end ending) {
	if o.end == nil {
		o.end = &end
		o.total.now.Add(-o.counted())
		o.signal()
	}
}

// counted is how many bytes of the total are this one's. The caller holds o.mu.
func (o *outbox) counted() int64 { return int64(o.queued.all + o.taken.all) }

// due is how many bytes are due.
func (o *outbox) due() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counted()
}

// take returns all there is, in exchange for the parcel that has been sent.
func (o *outbox) take(sent parcel) parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := parcel{ping: o.ping, pong: o.pong, replies: o.replies, end: o.end}
	o.taken, o.queued = o.queued, due{}
	clear(sent.replies)
	o.replies, o.ping, o.pong = sent.replies[:0], false, nil
	return p
}

// sent notes that what was taken has been sent, and is due no more.
func (o *outbox) sent() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil {
		o.total.now.Add(-int64(o.taken.all))
	}
	o.taken = due{}
}

// retire lets the writer leave, if there is nothing for it to do.
func (o *outbox) retire() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ping || o.pong != nil || o.end != nil || len(o.replies) > 0 {
		return false
	}
	o.writing = false
	o.replies = nil
	return true
}

// signal tells the writer that there is something to do. The caller holds o.mu.
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

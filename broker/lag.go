package broker

import (
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// A watch lags when too many changes are unsent. It is then told once that it lags, and gets no
// changes until the writer is about to send that message.

// lags reports whether a watch currently gets no changes, because it lags or its session is ending.
func (o *outbox) lags(watch wire.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.end != nil || o.lagging[watch]
}

// lag tells a watch that it has missed changes. The watch gets no changes until resume.
func (o *outbox) lag(watch wire.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.beginLag(watch)
}

// beginLag does what lag does. The caller holds o.mu.
func (o *outbox) beginLag(watch wire.ID) {
	if o.lagging == nil {
		o.lagging = make(map[wire.ID]bool)
	}
	o.lagging[watch] = true
	o.add(&wire.Lagged{ID: watch})
}

// putChange adds a copy of change for a watch that does not lag. If too many changes are unsent,
// the watch starts to lag instead, and putChange reports false.
func (o *outbox) putChange(watch wire.ID, change *wire.Change) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.queued.changes+o.taken.changes > changesBytes {
		o.beginLag(watch)
		return false
	}
	told := *change
	told.ID = watch
	o.add(&told)
	o.queued.changes += jsonsize.Reply(&told)
	return true
}

// resume ends the lag of a watch. The writer calls it just before it sends the Lagged message. So a
// client that reads this message and then asks for the listing misses nothing: the listing contains
// all earlier changes, and the watch reports all later ones.
func (o *outbox) resume(watch wire.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.lagging, watch)
}

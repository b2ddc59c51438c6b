package broker

import (
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// Watches lag when too many changes are unsent. A watch that lags is told so, and then nothing
// until the writer has sent that.

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
	o.beginLag(watch)
}

// beginLag is lag for a caller that holds o.mu.
func (o *outbox) beginLag(watch wire.ID) {
	if o.lagging == nil {
		o.lagging = make(map[wire.ID]bool)
	}
	o.lagging[watch] = true
	o.add(&wire.Lagged{ID: watch})
}

// putChange adds a copy of change for a watch that does not lag. If too many changes are unsent,
// the watch begins to lag instead.
func (o *outbox) putChange(watch wire.ID, change *wire.Change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.queued.changes+o.taken.changes > changesBytes {
		o.beginLag(watch)
		return
	}
	told := *change
	told.ID = watch
	o.add(&told)
	o.queued.changes += jsonsize.Reply(&told)
}

// resume ends the lag of a watch. The writer calls it before it sends that the watch has lagged. A
// client that reads this, and then asks for the listing, gets a newer listing and all changes
// since.
func (o *outbox) resume(watch wire.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.lagging, watch)
}

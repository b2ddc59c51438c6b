package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Evict ends a request of any session, and grants the locks that this frees. It reports whether the
// request was known. By and message are for the client that made it. If its session is on record, the request ends
// only with Struck.
func (t *Table) Evict(now time.Duration, id wire.ID, by, message string, events []Event) ([]Event, bool) {
	events = t.finishSearchFor(id, t.advance(now, events))
	r := t.find(id)
	if r == nil {
		return events, false
	}
	event := Event{Kind: Evicted, By: by, Message: message}
	if r.state == holding {
		event.Kind, event.Lost = Lost, wire.LostEvicted
		if t.mustStrike(r, event) {
			return t.grantWaiting(events), true
		}
	}
	return t.grantWaiting(t.end(r, event, events)), true
}

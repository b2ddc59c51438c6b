package broker

import (
	"context"
	"time"
)

// A client that is refused comes back only after a pause, and its place in a queue keeps others waiting. So during a
// hand-over, clients that come to a standby wait until there is another owner.

// successionWait is how long they wait at most. It is shorter than the time after which a client in a hurry tries
// another address.
const successionWait = 500 * time.Millisecond

// awaitSuccession waits while the owner hands over, but not for long.
func (m *member) awaitSuccession(ctx context.Context) {
	var limit <-chan time.Time
	for {
		m.mu.Lock()
		over, changed := !m.isHandedOver(), m.changed
		m.mu.Unlock()
		if over {
			return
		}
		if limit == nil {
			limit = time.After(successionWait)
		}
		select {
		case <-changed:
		case <-limit:
			return
		case <-ctx.Done():
			return
		}
	}
}

// isHandedOver reports whether this broker has the owner's snapshot, and the next owner does not serve yet, as far as
// this broker knows. The caller holds m.mu.
func (m *member) isHandedOver() bool {
	m.handOver.mu.Lock()
	from := m.handOver.from
	m.handOver.mu.Unlock()
	now := m.machine.Owner()
	return m.term == 0 && from != "" && (now.ID == from || now.ID == m.self.ID)
}

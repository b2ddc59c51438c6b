package broker

import (
	"context"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
)

// A client that is refused comes back only after a pause, and its place in a queue keeps others waiting. So clients
// that come to a standby while the owner changes wait until there is another one.

// successionWait is how long they wait at most. It is shorter than the time after which a client in a hurry tries
// another address.
const successionWait = 500 * time.Millisecond

// A reign is the time in which the record names the same owner, as far as this broker knows.
type reign struct {
	owner cluster.Owner
	ctx   context.Context // ends with it
	end   context.CancelFunc

	hurried bool // the owner seems to end, so this broker has read the record often
}

func newReign(of cluster.Owner) *reign {
	ctx, end := context.WithCancel(context.Background())
	return &reign{owner: of, ctx: ctx, end: end}
}

// noteReign begins another reign if the record names another owner. The caller holds m.mu.
func (m *member) noteReign() {
	now := m.machine.Owner()
	m.dropPast(now)
	if now.ID == m.reign.owner.ID {
		return
	}
	m.reign.end()
	m.reign = newReign(now)
}

// hurry makes this broker read the record often for a while, but only once in each reign: if the owner has crashed, the
// record does not change so soon.
func (m *member) hurry() {
	m.do(func(machine *owner.Machine, now owner.Instant) {
		if !m.reign.hurried {
			m.reign.hurried = true
			machine.Hurry(now, hurryFor)
		}
	})
}

// currentReign returns the current reign.
func (m *member) currentReign() *reign {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reign
}

// within returns a context that ends with r, too.
func (r *reign) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(r.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// awaitEnd waits until r ends, and reports true. It reports false if ctx ends first.
func (r *reign) awaitEnd(ctx context.Context) bool {
	select {
	case <-r.ctx.Done():
		return true
	case <-ctx.Done():
		return false
	}
}

// awaitSuccession waits while the owner changes, or until ctx ends.
func (m *member) awaitSuccession(ctx context.Context) {
	for {
		m.mu.Lock()
		over, changed := !m.isBetweenOwners(), m.changed
		m.mu.Unlock()
		if over {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// isBetweenOwners reports whether, as far as this broker knows, the owner is handing over, or this broker is taking
// over. The caller holds m.mu.
func (m *member) isBetweenOwners() bool {
	m.handOver.mu.Lock()
	from := m.handOver.received.from
	m.handOver.mu.Unlock()
	named := m.machine.Owner().ID
	return m.term == 0 && (named == m.self.ID || named != "" && named == from)
}

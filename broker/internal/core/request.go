package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// Acquire asks for locks. If the request would exceed a limit of the broker, it returns which one.
// The request then does not exist: the caller refuses it with wire.TooMany, after it has told
// clients of the events.
func (m *Machine) Acquire(
	now time.Duration, a locktable.Acquire, events []locktable.Event,
) (_ []locktable.Event, over Limit) {
	// During a drain the table refuses everything, and says why.
	if m.drain == nil {
		if over = m.limitOf(&a); over != NoLimit {
			return events, over
		}
	}
	if m.quota.Waiting > 0 && !m.IsAlways(a.ID.Session, a.Weight()) {
		a.MaxWaiting = m.quota.Waiting
	}
	events = m.table.Acquire(now, a, events)
	if n := len(events); n > 0 && events[n-1].Limit == locktable.AccountWaiting {
		return events[:n-1], AccountWaiting
	}
	m.explainPause(now, events)
	return events, NoLimit
}

// explainPause adds to a not_granting refusal the reason, which the table does not know. The
// refusal is the last event of an acquire.
func (m *Machine) explainPause(now time.Duration, events []locktable.Event) {
	if n := len(events); n > 0 && events[n-1].Code == wire.NotGranting {
		if pause := m.Pause(now); pause != "" {
			events[n-1].Reason += ": " + pause.Explain()
		}
	}
}

// Release ends a request that holds.
func (m *Machine) Release(now time.Duration, r wire.Release, events []locktable.Event) []locktable.Event {
	from := len(events)
	events = m.table.Release(now, r.ID, events)
	for i := range events[from:] {
		if event := &events[from+i]; event.Kind == locktable.Released {
			event.Quiet = r.Quiet
		}
	}
	return events
}

// Cancel ends a request, whether it waits or holds. If a grant and a cancel have crossed on the wire,
// the request holds by now, and the cancel releases it.
func (m *Machine) Cancel(now time.Duration, id wire.ID, events []locktable.Event) []locktable.Event {
	return m.table.Cancel(now, id, events)
}

// Evict ends anybody's request. by names the operator, and message is the operator's reason. It
// returns false if there is no such request.
func (m *Machine) Evict(
	now time.Duration, id wire.ID, by, message string, events []locktable.Event,
) ([]locktable.Event, bool) {
	return m.table.Evict(now, id, by, message, events)
}

// IsSearching reports whether a deadlock search is not done yet. If so, Search continues it.
func (m *Machine) IsSearching() bool { return m.table.Searching() }

// Search does one slice of the deadlock search under way.
func (m *Machine) Search(now time.Duration, events []locktable.Event) []locktable.Event {
	return m.table.Search(now, events)
}

// IsRevisiting reports whether there are requests of the last run left that Revisit must look at.
func (m *Machine) IsRevisiting() bool { return m.table.IsRevisiting() }

// Revisit looks whether the next of them is a deadlock.
func (m *Machine) Revisit(now time.Duration, events []locktable.Event) []locktable.Event {
	return m.table.Revisit(now, events)
}

// Forbid ends the requests of a session that wait although may does not allow them. It looks at about
// budget locks. It is not done until it says so: see [locktable.Table.Forbid].
func (m *Machine) Forbid(
	now time.Duration, session string, after int64, budget int, may locktable.Check, events []locktable.Event,
) (_ []locktable.Event, next int64, done bool) {
	return m.table.Forbid(now, session, after, budget, may, events)
}

// LocksOf returns the names of the locks of a request, or nil if it is not known.
func (m *Machine) LocksOf(now time.Duration, id wire.ID, events []locktable.Event) ([]string, []locktable.Event) {
	return m.table.LocksOf(now, id, events)
}

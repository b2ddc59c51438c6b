package core

import (
	"cmp"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// usualShut is how many waiting requests a drain ends in one slice, unless the config says otherwise.
const usualShut = 256

// A drain is the last phase of a run. The broker grants nothing, every waiting request ends with an
// error, and holders have some time to release.
type drain struct {
	ends time.Duration
	shut bool // every waiting request has ended
}

// BeginDrain begins the drain, and ends a first slice of the waiting requests. From now on nothing is
// granted. The drain must not have begun yet.
func (m *Machine) BeginDrain(now time.Duration, events []locktable.Event) []locktable.Event {
	m.drain = &drain{ends: now + m.config.Drain}
	return m.Shut(now, events)
}

// IsDraining reports whether the drain has begun.
func (m *Machine) IsDraining() bool { return m.drain != nil }

// DrainLeft returns how long holders may still take to release their locks. The drain must have begun.
func (m *Machine) DrainLeft(now time.Duration) time.Duration { return max(m.drain.ends-now, 0) }

// IsShutting reports whether requests still wait although the broker drains: Shut has something to do.
func (m *Machine) IsShutting() bool { return m.drain != nil && !m.drain.shut }

// Shut ends a slice of the requests that wait. The drain must have begun.
func (m *Machine) Shut(now time.Duration, events []locktable.Event) []locktable.Event {
	events, m.drain.shut = m.table.Shut(now, cmp.Or(m.config.Shut, usualShut), events)
	return events
}

// IsDrained reports whether the broker may stop: the drain has begun, no request waits, and no request
// holds or the drain is over. Requests of sessions that outlive the run do not count, but those of the last run have
// been looked at.
func (m *Machine) IsDrained(now time.Duration) bool {
	return m.drain != nil && m.drain.shut && !m.IsRevisiting() &&
		(m.table.Held() == m.table.HeldForGood() && m.record.isIdle() || now >= m.drain.ends)
}

// OutOfTokens reports whether the last fencing token of all was given out. The broker must then drain.
func (m *Machine) OutOfTokens() bool { return m.table.NextToken() > wire.MaxInteger }

// StaleAtEnd returns how long there may be stale holders if the run stops now, for [Record.Stopped].
func (m *Machine) StaleAtEnd(now time.Duration) time.Duration {
	return m.ledger.staleAtEnd(m.table.Held(), now)
}

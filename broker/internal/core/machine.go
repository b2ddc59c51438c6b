package core

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// A Config holds the settings of a machine.
type Config struct {
	// Timeout is the session timeout.
	Timeout time.Duration
	// Drain is how long holders may take to release their locks once the broker drains.
	Drain time.Duration
	// Shut is how many waiting requests a drain ends in one slice. Default 256.
	Shut int
	// MaxRequests is how much the requests of all sessions together may use, as a
	// [locktable.Account] counts it.
	MaxRequests int
	// Moves says that sessions outlive the run: see [Machine.Snapshot].
	Moves bool
	// KeepsRecord says that the caller stores which sessions may come back after a crash: see [Change].
	KeepsRecord bool
	// TokenRange is how many fencing tokens are reserved at a time.
	TokenRange int64
	// Table holds the settings of the lock table. New sets its FirstToken and its Ceiling.
	Table locktable.Config
}

// A Machine makes the decisions of one run of a broker. Times are relative to the beginning of the
// run, and must not decrease from one call to the next.
//
// Methods with a parameter events append what they cause to it, and return the result. The caller
// tells clients of these events before it calls another method with a time.
type Machine struct {
	config   Config
	quota    Quota
	table    *locktable.Table
	ledger   ledger
	dropping []string // ended sessions whose requests are being dropped
	lastings lastings
	record   record

	rollCalled  bool          // this run has begun after a crash, with a roll
	lastTimeout time.Duration // the session timeout of the last run, as far as it is known
	rolled      []string      // the sessions of the roll
	missing     int           // sessions of the roll that have not come back
	othersHeld  bool          // as in Roll

	drain *drain // nil until the broker drains
}

// New returns the machine of a run that has no tokens yet: the caller must call WantsTokens.
func New(config Config, beginning Beginning) *Machine {
	m := &Machine{
		config: config, lastings: newLastings(),
		ledger: newLedger(beginning, config.TokenRange, config.Timeout),
	}
	m.record.keeps, m.lastTimeout = config.KeepsRecord, beginning.Grace
	m.quota.Requests = max(config.MaxRequests/2, 1)
	config.Table.FirstToken, config.Table.Ceiling = beginning.First, beginning.First
	m.table = locktable.New(config.Table)
	if beginning.Roll != nil {
		m.beginRecord(beginning.Roll, beginning)
	}
	return m
}

// Table returns the lock table, for answers to questions only. Everything that changes a session or a
// request must go through the machine.
func (m *Machine) Table() *locktable.Table { return m.table }

// Tick does what is due at now in the lock table, or one slice of it. So does every other method that
// returns events, before anything else.
func (m *Machine) Tick(now time.Duration, events []locktable.Event) []locktable.Event {
	return m.table.Tick(now, events)
}

// Deadline returns the time at which there is next something to do: Tick, Allow, Drop, Shut or Revisit, or
// stopping because the drain is over. It returns false if there is no such time. The time is not in
// the future if there is something to do now.
func (m *Machine) Deadline(now time.Duration) (time.Duration, bool) {
	if m.IsDropping() || m.IsShutting() || m.IsRevisiting() || m.CanAllow(now) {
		return now, true
	}
	due, some := m.table.Deadline()
	sooner := func(other time.Duration) {
		if !some || other < due {
			due, some = other, true
		}
	}
	if s := m.lastings.next(); s != nil {
		sooner(s.until)
	}
	if m.ledger.inGrace(now) {
		sooner(m.ledger.beginning.Grace)
	}
	if end := m.record.othersEnd; end > 0 {
		sooner(end)
	}
	if m.drain != nil {
		sooner(m.drain.ends)
	}
	return due, some
}

package core

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
)

// Others are the sessions that cannot come back after a crash: they are not kept. The record does not name them.

// othersMayRequest is MayRequest for others.
func (m *Machine) othersMayRequest() bool {
	g := &m.record
	switch {
	case !g.begun:
		g.mixed = true
		return true
	case g.others == offRecord:
		m.recordOthers(nil)
	}
	return g.others == onRecord
}

// recordOthers puts others on record, and then calls then, unless it is nil.
func (m *Machine) recordOthers(then func()) {
	g := &m.record
	g.others = beingRecorded
	g.change(Change{}, func(_ time.Duration, events []locktable.Event) []locktable.Event {
		g.others = onRecord
		if then != nil {
			then()
		}
		return events
	})
}

// strikeOthers strikes others off when none of them has had a request for the session timeout: then no crash can leave
// stale holders among them. It waits that long so that a program that often makes one request costs few changes.
func (m *Machine) strikeOthers(now time.Duration) {
	g := &m.record
	switch {
	case g.others != onRecord || m.table.OffRecord()+g.demoting > 0 || m.missing > 0 || m.ledger.inGrace(now):
		g.othersEnd = 0
	case g.othersEnd == 0:
		g.othersEnd = now + m.config.Timeout
	case now >= g.othersEnd:
		g.others, g.othersEnd = offRecord, 0
		g.change(Change{Ends: true}, nil)
	}
}

// noteOthers sees to it that the record says so if some of the sessions of a snapshot cannot come back after a crash.
func (m *Machine) noteOthers(snapshot Snapshot) {
	g := &m.record
	isOther := func(s SavedSession) bool { return m.lastings.byName[s.Name].recorded == offRecord }
	if !g.keeps || !slices.ContainsFunc(snapshot.Sessions, isOther) {
		return
	}
	switch {
	case !g.begun:
		g.mixed = true
	case g.others == offRecord:
		g.purging++ // nothing is granted before it is on record
		m.recordOthers(func() { g.purging-- })
	}
}

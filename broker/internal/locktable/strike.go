package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// After a crash, the clients of the sessions on record state what they hold, and the next run accepts that. So a holder
// on record that loses its locks against its will must be struck off the record before anybody else gets them.
// Otherwise its client, which may not know of the loss, could claim the locks again. A release needs no strike: its
// client knows.

// A Strike is a holder that must be struck off the record.
type Strike struct {
	ID    wire.ID
	Token int64
	event Event // with which it then ends
}

// OnRecord notes that a session, which must be open, is on record.
func (t *Table) OnRecord(name string) {
	if s := t.openSession(name); !s.onRecord {
		s.onRecord = true
		t.offRecord -= s.requests.len
	}
}

// LeaveRecord notes that a session, which must be open, is off the record again.
func (t *Table) LeaveRecord(name string) {
	if s := t.openSession(name); s.onRecord {
		s.onRecord = false
		t.offRecord += s.requests.len
	}
}

// OffRecord returns how many requests hold or wait whose sessions are not on record.
func (t *Table) OffRecord() int { return t.offRecord }

// TakeStrikes returns the holders that must be struck off the record, each of them once. Each goes on holding until
// Struck is called.
func (t *Table) TakeStrikes() []Strike {
	strikes := t.strikes
	t.strikes = nil
	return strikes
}

// Struck ends a holder that has been struck off the record, unless it has ended by itself.
func (t *Table) Struck(now time.Duration, s Strike, events []Event) []Event {
	events = t.finishSearchFor(s.ID, t.advance(now, events))
	if r := t.find(s.ID); r != nil && r.state == holding && r.token == s.Token {
		events = t.end(r, s.event, events)
	}
	return t.grantWaiting(t.continueSteals(events))
}

// mustStrike reports whether r must be struck off the record before it ends with that event. If so, it is among the
// strikes from now on. The first event counts.
func (t *Table) mustStrike(r *request, event Event) bool {
	if !r.session.onRecord || r.state != holding {
		return false
	}
	if !r.striking {
		r.striking = true
		t.strikes = append(t.strikes, Strike{ID: r.id(), Token: r.token, event: event})
	}
	return true
}

// Striking describes a holder that ends only once it has been struck off the record. It returns false if there is no
// such holder with that id.
func (t *Table) Striking(id wire.ID) (wire.RequestInfo, bool) {
	if r := t.find(id); r != nil && r.striking {
		return t.describe(&r.places()[0]), true
	}
	return wire.RequestInfo{}, false
}

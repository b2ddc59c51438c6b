package locktable

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// advance moves the table's time to now, and ends one slice of the requests that are due. The package
// comment gives the order ("Order within an instant").
func (t *Table) advance(now time.Duration, events []Event) []Event {
	if now < t.now {
		panic("locktable: time ran backwards")
	}
	t.now = now
	t.charge(1)
	t.grantRoom, t.stealRoom, t.stealWait = t.config.Grants, t.config.Grants, false
	t.reuseEnded()
	slice := t.config.Slice
	for slice > 0 && overdue(t.waits, now) {
		r := t.waits[0]
		slice -= len(r.places())
		events = t.timeOut(r, events)
	}
	for slice > 0 && overdue(t.holds, now) {
		r := t.holds[0]
		slice -= len(r.places())
		if t.mustStrike(r, Event{Kind: Lost, Lost: wire.LostExpired}) {
			t.clearDeadline(r)
			continue
		}
		events = t.end(r, Event{Kind: Lost, Lost: wire.LostExpired}, events)
	}
	for slice > 0 && len(t.keeps) > 0 && t.keeps[0].keep <= now {
		r := t.keeps[0].holding.first
		slice -= len(r.places())
		events = t.end(r, Event{Kind: Gone}, events)
	}
	return t.grantWaiting(t.continueSteals(events))
}

// overdue reports whether the first of these deadlines has come.
func overdue(deadlines heapOf[*request], now time.Duration) bool {
	return len(deadlines) > 0 && deadlines[0].due <= now
}

// timeOut ends r, which has waited long enough, and says who was in its way.
func (t *Table) timeOut(r *request, events []Event) []Event {
	reason := "not granted within " + (r.due - r.since).String()
	if !t.granting() {
		reason += ": nothing is granted now"
	}
	return t.end(r, Event{Kind: TimedOut, Reason: reason, Obstacle: t.obstacleOf(r)}, events)
}

// deadlinesOf returns the deadlines of requests in the state of r.
func (t *Table) deadlinesOf(r *request) *heapOf[*request] {
	if r.state == holding {
		return &t.holds
	}
	return &t.waits
}

func (t *Table) setDeadline(r *request, due time.Duration) {
	t.extraOf(r).due = due
	t.deadlinesOf(r).add(r)
}

func (t *Table) clearDeadline(r *request) {
	if r.dueIndex >= 0 {
		t.deadlinesOf(r).removeAt(int(r.dueIndex))
	}
}

package locktable

import "time"

const shutReason = "the broker stops"

// Shut ends all requests that wait, except those of sessions that outlive the table. From its first call on nothing
// is granted: holders may release, and new requests are refused, or queued if their session outlives the table. It
// stops after budget places or locks, or a few more, and reports whether it is done. If it is not, it must be called
// again.
func (t *Table) Shut(now time.Duration, budget int, events []Event) ([]Event, bool) {
	events = t.finishSearch(t.advance(now, events))
	t.shut = true
	for budget > 0 && t.steals.first != nil {
		r := t.steals.first.request
		budget -= len(r.places())
		events = t.end(r, Event{Kind: ShutDown, Reason: shutReason}, events)
	}
	for budget > 0 {
		l := t.nextQueue(&budget)
		if l == nil {
			return events, budget > 0
		}
		events = t.shutQueue(l, &budget, events)
	}
	return events, false
}

// shutQueue ends the waiters of l, except those whose sessions outlive the table.
func (t *Table) shutQueue(l *lock, budget *int, events []Event) []Event {
	for p := t.nextToShut(l.queue.first); p != nil && *budget > 0; {
		r := p.request
		p = t.nextToShut(p.next)
		*budget -= len(r.places())
		events = t.end(r, Event{Kind: ShutDown, Reason: shutReason}, events)
	}
	return events
}

// nextToShut returns the first place from p on whose session does not outlive the table, or nil.
func (t *Table) nextToShut(p *place) *place {
	for p != nil && p.request.session.outlives {
		t.charge(1)
		p = p.next
	}
	return p
}

// nextQueue returns the first lock that has waiters to end, starting where Shut has stopped. It
// returns nil if there is none, or if the budget has run out.
func (t *Table) nextQueue(budget *int) (found *lock) {
	t.bySeq.Ascend(&lock{seq: t.shutAt + 1}, func(l *lock) bool {
		if t.nextToShut(l.queue.first) != nil {
			found = l
			return false
		}
		t.shutAt = l.seq
		*budget--
		return *budget > 0
	})
	return found
}

package locktable

import "time"

const shutReason = "the broker stops"

// Shut ends all requests that wait. From its first call on nothing is granted: holders may
// release, and new requests are refused. It stops after budget places or locks, or a few
// more, and reports whether it is done. If it is not, it must be called again.
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
		r := l.queue.first.request
		budget -= len(r.places())
		events = t.end(r, Event{Kind: ShutDown, Reason: shutReason}, events)
	}
	return events, false
}

// nextQueue returns the first lock that has waiters, starting where Shut has stopped. It
// returns nil if there is none, or if the budget has run out.
func (t *Table) nextQueue(budget *int) (found *lock) {
	t.bySeq.Ascend(&lock{seq: t.shutAt + 1}, func(l *lock) bool {
		if l.waiting > 0 {
			found = l
			return false
		}
		t.shutAt = l.seq
		*budget--
		return *budget > 0
	})
	return found
}

package locktable

import "time"

const shutReason = "the broker stops"

// Shut ends all that waits, and from its first call on nothing is granted any
// more: who holds may release, and nobody comes after. It stops after budget
// places or locks, or a few more, and reports whether nobody waits; if somebody
// does, it is to be called again.
func (t *Table) Shut(now time.Duration, budget int, events []Event) ([]Event, bool) {
	events = t.finish(t.advance(now, events))
	t.shut = true
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

// nextQueue is the first lock, from where shutting has come to, for which
// somebody waits; nil when there is none, or the budget has run out.
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

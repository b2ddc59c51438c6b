package broker

// Maintenance is the loop's own long work: it drops the requests of ended sessions, ends the waiting requests when the
// broker drains, and looks for deadlocks after a crash. It is done in slices, so that nobody has to wait for all of it.

const (
	// dropSlice is how many locks of ended sessions are dropped in one slice.
	dropSlice = 256
	// dropAtOnce is how many of them the table drops in one call. It is small because telling
	// watches about them costs extra.
	dropAtOnce = 32
	// grantSlice is how many waiters the table looks at in one call to grant locks that have
	// become free. Every call does such a slice, so it is short.
	grantSlice = 8
)

// tick does the work that is due in the table, or as much of it as budget allows, and returns what is
// left of budget. Every other call to the table does a little of that work too.
func (l *loop) tick(budget int) (left int) {
	l.endAbsences()
	for begin := l.spent(); ; {
		if left = budget - l.spentSince(begin); left <= 0 {
			return left
		}
		due, some := l.table.Deadline()
		if !some || due > l.now() {
			return left
		}
		before := l.spent()
		l.deliver(l.core.Tick(l.now(), l.events[:0]))
		l.scheduler.spent(laneLong, l.spentSince(before))
		if !l.scheduler.mayBeLong() {
			return left
		}
	}
}

// isUnfinished reports whether there is more to do right now.
func (l *loop) isUnfinished() bool {
	return l.scheduler.any() || l.searching != nil || l.hasMaintenance()
}

// hasMaintenance reports whether there is maintenance to do.
func (l *loop) hasMaintenance() bool {
	return l.core.IsDropping() || l.core.IsShutting() || l.core.IsRevisiting() || l.stored > 0
}

// maintain does one slice of maintenance, and returns its cost.
func (l *loop) maintain() int {
	before := l.spent()
	if l.core.IsDropping() {
		l.drop()
	}
	if l.core.IsShutting() {
		l.deliver(l.core.Shut(l.now(), l.events[:0]))
	}
	if l.core.IsRevisiting() {
		l.deliver(l.core.Revisit(l.now(), l.events[:0]))
	}
	if l.stored > 0 {
		l.noteStored()
	}
	cost := l.spentSince(before)
	l.scheduler.spent(laneLong, cost)
	return max(cost, 1)
}

// drop drops the requests of ended sessions for one slice of work. A session with no requests
// counts as one lock.
func (l *loop) drop() {
	end := l.spent() + stepsOfSlice
	for budget := dropSlice; budget > 0 && l.core.IsDropping() && l.spent() < end; budget-- {
		events := l.core.Drop(l.now(), min(budget, dropAtOnce), l.events[:0])
		for i := range events {
			budget -= events[i].Locks()
		}
		l.deliver(events)
	}
}

package broker

// What the loop does of its own accord, slice by slice, so that nobody has to wait for all of it.

// dropSlice is how many places at locks an ended session gives up at a time,
// between other work, so that nobody else waits for a session that had many.
const dropSlice = 256

// dropAtOnce is how many of them the table gives up in one call: what watches are told of them costs more.
const dropAtOnce = 32

// grantSlice is how many places a call of the table looks at to grant what has become free. A call
// does a slice whoever makes it, so it is short.
const grantSlice = 8

// tick does what is due, or a slice of it. Every other call of the table does a little of that, too.
func (l *loop) tick() {
	for end := l.spent() + stepsOfSlice; l.spent() < end; {
		due, some := l.table.Deadline()
		if !some || due > l.now() {
			return
		}
		before := l.spent()
		l.deliver(l.table.Tick(l.now(), l.events[:0]))
		l.turns.spent(laneLong, l.spentSince(before))
		if !l.turns.mayBeLong() {
			return
		}
	}
}

// isUnfinished reports whether there is more to do, and not only later.
func (l *loop) isUnfinished() bool { return l.turns.any() || l.asking != nil || l.hasUpkeep() }

// hasUpkeep reports whether there is work of the loop's own, which is done slice by slice, so that
// nobody has to wait for all of it.
func (l *loop) hasUpkeep() bool {
	return len(l.dropping) > 0 || l.drain != nil && !l.drain.shut
}

// workOn does a slice of it, and returns what that has cost.
func (l *loop) workOn() int {
	before := l.spent()
	if len(l.dropping) > 0 {
		l.drop()
	}
	if l.drain != nil && !l.drain.shut {
		l.shut()
	}
	cost := l.spentSince(before)
	l.turns.spent(laneLong, cost)
	return max(cost, 1)
}

// drop ends sessions until that was a slice of work. One that has nothing counts as well.
func (l *loop) drop() {
	end := l.spent() + stepsOfSlice
	for budget := dropSlice; budget > 0 && len(l.dropping) > 0 && l.spent() < end; budget-- {
		events, done := l.table.Drop(l.now(), l.dropping[0], min(budget, dropAtOnce), l.events[:0])
		for i := range events {
			budget -= events[i].Locks()
		}
		l.deliver(events)
		if done {
			l.dropping = l.dropping[1:]
		}
	}
}

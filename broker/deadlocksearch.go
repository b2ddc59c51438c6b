package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// A nested request may need a long search for a deadlock. There is one search at a time. It is long
// work, and goes on slice by slice. Its session has no turn until it has the answer. If the next
// item of another session would change what the search has seen, that session is held back:
// otherwise the table would have to finish the search at once.

// search does a slice of the search under way, and returns its cost.
func (l *loop) search() (cost int) {
	before := l.spent()
	l.deliver(l.table.Search(l.now(), l.events[:0]))
	cost = l.spentSince(before)
	l.searching.flows[laneLong].Charge(cost)
	l.scheduler.spent(laneLong, cost)
	if !l.table.Searching() {
		l.endSearch()
	}
	return cost
}

// endSearch lets the sessions go on that had to wait for the search.
func (l *loop) endSearch() {
	searching, held := l.searching, l.heldBack
	l.searching, l.heldBack = nil, nil
	searching.searching = false
	l.queue(searching)
	for _, s := range held {
		l.queue(s)
	}
}

// disturbs reports whether an item would end the search under way before its time.
func (l *loop) disturbs(it *item) bool {
	switch m := it.what.(type) {
	case *ending:
		return l.table.TouchesSession(it.session.name)
	case *wire.Acquire:
		return l.table.Touches(acquireCommand(m, it.session.peer))
	case *wire.Release:
		return l.table.TouchesID(m.ID)
	case *wire.Cancel:
		return l.table.TouchesID(m.ID)
	}
	return false
}

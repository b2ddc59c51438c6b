package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A nested request may need a long search for a deadlock. There is only one search at a time. It is
// long work, done slice by slice. The session that asked gets no turn until it has its answer. If
// another session's next item would change what the search has seen, that session is held back;
// otherwise the table would have to finish the search at once.

// search does one slice of the current search, and returns its cost.
func (l *loop) search() (cost int) {
	before := l.spent()
	l.deliver(l.core.Search(l.now(), l.events[:0]))
	cost = l.spentSince(before)
	l.searching.flows[laneLong].Charge(cost)
	l.scheduler.spent(laneLong, cost)
	if !l.core.IsSearching() {
		l.endSearch()
	}
	return cost
}

// endSearch lets the sessions that had to wait for the search continue.
func (l *loop) endSearch() {
	searching, held := l.searching, l.heldBack
	l.searching, l.heldBack = nil, nil
	searching.searching = false
	l.queue(searching)
	for _, s := range held {
		l.queue(s)
	}
}

// disturbs reports whether an item would force the table to finish the current search at once.
func (l *loop) disturbs(it *item) bool {
	switch m := it.what.(type) {
	case *ending:
		return l.table.TouchesSession(it.session.name)
	case *wire.Acquire:
		return l.table.Touches(core.AcquireOf(m, it.session.peer))
	case *wire.Release:
		return l.table.TouchesID(m.ID)
	case *wire.Cancel:
		return l.table.TouchesID(m.ID)
	}
	return false
}

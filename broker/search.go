package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// A nested request may have to wait for a long search for a deadlock. There is one such search at a
// time, and it goes on bit by bit, as long work. Its session has no turn until it has the answer. Sessions
// whose next message would touch what the search has seen are held back until then, for the
// table would have to finish the search at once.

// search does a slice of the search under way, and returns what that has cost.
func (l *loop) search() (cost int) {
	before := l.spent()
	l.deliver(l.table.Search(l.now(), l.events[:0]))
	cost = l.spentSince(before)
	l.asking.flows[laneLong].Charge(cost)
	l.turns.spent(laneLong, cost)
	if !l.table.Searching() {
		l.searched()
	}
	return cost
}

// searched lets those go on who had to wait for the search.
func (l *loop) searched() {
	asking, held := l.asking, l.heldBack
	l.asking, l.heldBack = nil, nil
	asking.asking = false
	l.await(asking)
	for _, s := range held {
		l.await(s)
	}
}

// touches reports whether an item would end the search under way before its time.
func (l *loop) touches(it *item) bool {
	switch it.kind {
	case itemEnded:
		return l.table.TouchesSession(it.session.name)
	case itemRequest:
		switch m := it.request.(type) {
		case *wire.Acquire:
			return l.table.Touches(acquireCommand(m, it.session.peer))
		case *wire.Release:
			return l.table.TouchesID(m.ID)
		case *wire.Cancel:
			return l.table.TouchesID(m.ID)
		}
	}
	return false
}

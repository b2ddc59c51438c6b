package broker

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// This file passes the requests of clients to the core, which translates them into commands for the
// lock table (translate.go there). Other files deal with one kind each: listing.go answers info and
// why; clientlist.go answers clients; watch.go tells watches of events; steal.go, evict.go and
// auditlog.go record what clients do to others.

// request handles a message of a client.
func (l *loop) request(s *session, m wire.Request) {
	now, events := l.now(), l.events[:0]
	switch m := m.(type) {
	case *wire.Acquire:
		l.acquire(s, m, now)
	case *wire.Release:
		l.deliver(l.core.Release(now, *m, events))
	case *wire.Cancel:
		// The loop handles one message at a time. So at this point the request waits,
		// holds, or has ended, and Table.Cancel (release.go of the table) decides. If the
		// request holds, a cancel ends it, like a release.
		l.deliver(l.core.Cancel(now, m.ID, events))
	case *wire.Resume:
		l.resume(s, m)
	case *wire.Info:
		l.info(s, m)
	case *wire.Why:
		l.why(s, m, now)
	case *wire.Clients:
		l.clients(s, m)
	case *wire.Evict:
		l.evict(s, m, now)
	case *wire.Watch:
		l.watch(s, m)
	case *wire.Unwatch:
		l.unwatch(s, m.ID)
	case *wire.WhoAmI:
		l.whoami(s, m)
	default:
		panic("broker: nobody handles " + codec.Kind(m))
	}
	if !s.auditing { // otherwise the log still needs m
		codec.Recycle(m)
	}
}

// acquire passes a request for locks to the core.
func (l *loop) acquire(s *session, m *wire.Acquire, now time.Duration) {
	if m.Steal {
		l.beginSteal(s, m)
	}
	l.asked = m
	defer func() { l.asked = nil }()
	a := core.AcquireOf(m, s.peer)
	over := l.limitOfAcquire(s, &a, l.quotaNow())
	if over == noLimit {
		events, limit := l.core.Acquire(now, a, l.events[:0])
		l.deliver(events)
		over = limitOf(limit)
	}
	if over != noLimit {
		l.refuseAcquire(s, m.ID, over, a.Weight())
		return
	}
	if !m.Parent.IsZero() && l.core.IsSearching() {
		if l.searching != nil { // its search was over, except for the marks that it had left
			l.endSearch()
		}
		l.searching, s.searching = s, true
	}
}

package broker

import (
	"cmp"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// This file translates wire messages into commands for the lock table, and the table's events into
// replies. Other files deal with both for one purpose each: requestlimit.go and deadlocksearch.go
// check an acquire; listing.go answers info and why; clientlist.go answers clients; watch.go tells
// watches of events; steal.go, evict.go and auditlog.go record what clients do to others.

// request handles a message of a client.
func (l *loop) request(s *session, m wire.Request) {
	now, events := l.now(), l.events[:0]
	switch m := m.(type) {
	case *wire.Acquire:
		l.acquire(s, m, now)
	case *wire.Release:
		l.deliver(l.table.Release(now, m.ID, events))
	case *wire.Cancel:
		// The loop handles one message at a time. So at this point the request waits,
		// holds, or has ended, and Table.Cancel (release.go of the table) decides. If the
		// request holds, a cancel ends it, like a release.
		l.deliver(l.table.Cancel(now, m.ID, events))
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
	default:
		panic("broker: nobody handles " + codec.Kind(m))
	}
	if !s.auditing { // otherwise the log still needs m
		codec.Recycle(m)
	}
}

// acquire passes a request for locks to the table.
func (l *loop) acquire(s *session, m *wire.Acquire, now time.Duration) {
	if l.drain == nil && !m.Steal && !l.mayAcquire(s, m) {
		l.refuseMore(s, m.ID, "requests")
		return
	}
	if m.Steal {
		l.beginSteal(s, m)
	}
	events := l.table.Acquire(now, acquireCommand(m, s.peer), l.events[:0])
	l.explainPause(events)
	l.deliver(events)
	if !m.Parent.IsZero() && l.table.Searching() {
		l.searching, s.searching = s, true
	}
}

// explainPause adds to a not_granting refusal the reason, which the table does not know. The
// refusal is the last event of an acquire.
func (l *loop) explainPause(events []locktable.Event) {
	if n := len(events); n > 0 && events[n-1].Code == wire.NotGranting {
		if pause := l.pause(); pause != "" {
			events[n-1].Reason += ": " + pause.Explain()
		}
	}
}

func acquireCommand(m *wire.Acquire, peer wire.Peer) locktable.Acquire {
	a := locktable.Acquire{
		ID:     m.ID,
		Locks:  m.Locks,
		Author: m.Author,
		Wait:   locktable.Forever,
		Hold:   millis(m.HoldMS.Or(0)),
		Parent: m.Parent,
		Steal:  m.Steal,
	}
	if m.Steal {
		a.By = nameOf(peer)
	}
	if wait, given := m.WaitMS.Get(); given {
		a.Wait = millis(wait)
	}
	return a
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func queryOf(m *wire.Info) locktable.Query {
	return locktable.Query{
		Match: m.Match.Or(""), // the table takes "" for all names; on the wire, an empty glob is refused
		Empty: m.Empty,
		After: m.After,
		Max:   m.Max.Or(wire.MaxPage),
		Queue: m.Queue.Or(wire.DefaultQueue),
		Seq:   m.Seq,

		HoldersAfter: m.HoldersAfter,
		WaitersAfter: m.WaitersAfter,
	}
}

// replyTo returns the reply that tells a request's client about an event, or nil if it is told
// nothing.
func replyTo(event *locktable.Event) wire.Reply {
	id := event.ID
	switch event.Kind {
	case locktable.Granted:
		return codec.NewGranted(id, event.Token)
	case locktable.Released:
		return codec.NewReleased(id)
	case locktable.Cancelled:
		return &wire.Cancelled{ID: id}
	case locktable.Lost:
		return &wire.Lost{ID: id, Reason: event.Lost, By: event.By, Message: event.Message}
	case locktable.Evicted:
		message := cmp.Or(event.Message, "withdrawn by an operator")
		return &wire.Error{ID: id, Code: wire.WasEvicted, Message: message, By: event.By}
	case locktable.ShutDown:
		return errorOf(event, wire.ShuttingDown)
	case locktable.TimedOut:
		return errorOf(event, wire.Timeout)
	case locktable.Refused:
		return errorOf(event, event.Code)
	}
	return nil // Queued is no news, and after Gone there is no client to tell
}

func errorOf(event *locktable.Event, code wire.Code) *wire.Error {
	m := &wire.Error{ID: event.ID, Code: code, Message: event.Reason, Cycle: event.Cycle}
	if o := event.Obstacle; o != nil {
		m.Holders, m.Ahead = o.Holders, wire.Some(o.Ahead)
	}
	return m
}

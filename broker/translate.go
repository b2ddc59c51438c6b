package broker

import (
	"cmp"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// This file is the only one that knows both vocabularies, the messages of the
// wire and the commands and events of the lock table.

// request does what a client asks for.
func (l *loop) request(s *session, m wire.Request) {
	now, events := l.now(), l.events[:0]
	switch m := m.(type) {
	case *wire.Acquire:
		l.acquire(s, m, now)
	case *wire.Release:
		l.deliver(l.table.Release(now, m.ID, events))
	case *wire.Cancel:
		l.deliver(l.table.Cancel(now, m.ID, events))
	case *wire.Info:
		l.info(s, m)
	case *wire.Why:
		l.why(s, m, now)
	case *wire.Evict:
		l.evict(s, m, now)
	case *wire.Watch:
		l.watch(s, m)
	case *wire.Unwatch:
		l.unwatch(s, m.ID)
	default:
		panic("broker: nobody handles " + codec.Kind(m))
	}
	if !s.auditing { // else whoever writes the log looks at it
		codec.Recycle(m)
	}
}

// acquire asks for locks.
func (l *loop) acquire(s *session, m *wire.Acquire, now time.Duration) {
	if l.drain == nil && !m.Steal && !l.mayAsk(s, m) {
		l.refuseMore(s, m.ID, "requests")
		return
	}
	if m.Steal {
		l.stealing[m.ID] = stealing{s, m}
		s.auditing, s.stealing = true, true
	}
	events := l.table.Acquire(now, acquireCommand(m, s.peer), l.events[:0])
	l.sayWhyPaused(events)
	l.deliver(events)
	if !m.Parent.IsZero() && l.table.Searching() {
		l.asking, s.asking = s, true
	}
}

// info answers a question for a page of the listing.
func (l *loop) info(s *session, m *wire.Info) {
	l.beginPage(s)
	s.listing = &listing{id: m.ID, paging: l.table.BeginPage(queryOf(m))}
	l.list(s)
}

// A listing is a page under way, which may take several turns.
type listing struct {
	id     wire.ID
	paging *locktable.Paging
}

// list does a turn of it.
func (l *loop) list(s *session) {
	id, paging := s.listing.id, s.listing.paging
	done, events := paging.Step(l.now(), l.events[:0])
	l.deliver(events)
	if !done || s.leaves {
		return
	}
	s.listing = nil
	page := &paging.Page
	if page.TooFar {
		const message = "too many hold or wait before the place where the list must go on"
		l.refusePage(s, &wire.Error{ID: id, Code: wire.TooMany, Message: message})
		return
	}
	l.reply(s, &wire.InfoPage{ID: id, Locks: page.Locks, Next: page.Next, NotGranting: l.pause()})
}

// why answers who is in the way.
func (l *loop) why(s *session, m *wire.Why, now time.Duration) {
	l.beginPage(s)
	var chain []wire.Step
	events, known := l.events[:0], true
	if name, given := m.Lock.Get(); given {
		chain, events = l.table.WhyLock(now, name, events)
	} else {
		chain, known, events = l.table.Why(now, m.Request.Or(wire.ID{}), events)
	}
	l.deliver(events)
	if !known {
		l.refusePage(s, &wire.Error{ID: m.ID, Code: wire.NotFound, Message: "no such request"})
		return
	}
	l.reply(s, &wire.Chain{ID: m.ID, Chain: chain, NotGranting: l.pause()})
}

// sayWhyPaused adds to a refusal, which is the last of the events of an acquire, what
// the table cannot know.
func (l *loop) sayWhyPaused(events []locktable.Event) {
	if n := len(events); n > 0 && events[n-1].Code == wire.NotGranting {
		if pause := l.pause(); pause != "" {
			events[n-1].Reason += ": " + pause.Explain()
		}
	}
}

// evict ends a request of anyone.
func (l *loop) evict(s *session, m *wire.Evict, now time.Duration) {
	events, known := l.table.Evict(now, m.Request, nameOf(s.peer), m.Message, l.events[:0])
	if !known {
		l.writeAudit(s, m, verdict{code: wire.NotFound})
		l.deliver(events)
		l.reply(s, &wire.Error{ID: m.ID, Code: wire.NotFound, Message: "no such request"})
		return
	}
	l.writeAudit(s, m, l.verdictOnEvict(m.Request, events))
	l.deliver(events)
	l.reply(s, &wire.Evicted{ID: m.ID})
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
		Match: m.Match.Or(""), // the wire refuses an empty glob, which is the table's all
		Empty: m.Empty,
		After: m.After,
		Max:   m.Max.Or(wire.MaxPage),
		Queue: m.Queue.Or(wire.DefaultQueue),
		Seq:   m.Seq,

		HoldersAfter: m.HoldersAfter,
		WaitersAfter: m.WaitersAfter,
	}
}

// replyTo is what the requestor is told of an event; nil: nothing.
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
		return &wire.Error{ID: id, Code: wire.WasEvicted, Message: cmp.Or(event.Message, "withdrawn by an operator"), By: event.By}
	case locktable.ShutDown:
		return errorOf(event, wire.ShuttingDown)
	case locktable.TimedOut:
		return errorOf(event, wire.Timeout)
	case locktable.Refused:
		return errorOf(event, event.Code)
	}
	return nil // Queued: the requestor waits; Gone: nobody is there
}

func errorOf(event *locktable.Event, code wire.Code) *wire.Error {
	m := &wire.Error{ID: event.ID, Code: code, Message: event.Reason, Cycle: event.Cycle}
	if o := event.Obstacle; o != nil {
		m.Holders, m.Ahead = o.Holders, wire.Some(o.Ahead)
	}
	return m
}

// changeOf is what watchers are told of an event at one of its locks.
func (l *loop) changeOf(event *locktable.Event, i int) *wire.Change {
	return &wire.Change{
		Event:   wire.Event(event.Kind.String()),
		Reason:  event.Lost,
		By:      event.By,
		Message: event.Message,
		Lock:    event.Lock(i),
		Request: l.table.Subject(event, i),
	}
}

package broker

import (
	"cmp"
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file is the only one that knows both vocabularies, the messages of the
// wire and the commands and events of the lock table.

// request does what a client asks for.
func (l *loop) request(it item) {
	s, m := it.session, it.request
	id, opens := m.Opener()
	if refusal := s.admit(id, opens, m); refusal != nil {
		l.decline(it, refusal)
		return
	}
	now, events := l.now(), l.events[:0]
	switch m := m.(type) {
	case *wire.Acquire:
		if it.verdict != nil {
			l.verdicts[id] = it
		}
		l.deliver(l.table.Acquire(now, acquireCommand(m, s.peer), events))
		for l.table.Searching() {
			l.deliver(l.table.Search(now, l.events[:0]))
		}
	case *wire.Release:
		l.deliver(l.table.Release(now, id, events))
	case *wire.Cancel:
		l.deliver(l.table.Cancel(now, id, events))
	case *wire.Info:
		l.info(it, m, now)
	case *wire.Why:
		l.why(it, m, now)
	case *wire.Evict:
		l.evict(it, m, now)
	case *wire.Watch:
		l.watch(s, m)
	case *wire.Unwatch:
		l.unwatch(s, id)
	case *wire.Ping:
		l.reply(s, &wire.Pong{ID: id})
	default:
		panic("broker: nobody handles " + m.Kind())
	}
}

// decline answers an item with an error, and tells its reader not to wait.
func (l *loop) decline(it item, refusal *wire.Error) {
	l.reply(it.session, refusal)
	if asksForPage(it.request) {
		it.session.pageDone()
	}
	if it.verdict != nil {
		it.verdict <- verdict{code: refusal.Code}
	}
}

// info answers a question for a page of the listing.
func (l *loop) info(it item, m *wire.Info, now time.Duration) {
	p := l.table.BeginPage(queryOf(m))
	for done := false; !done; {
		var events []locktable.Event
		done, events = p.Step(now, l.events[:0])
		l.deliver(events)
	}
	page := p.Page
	if page.TooFar {
		l.decline(it, &wire.Error{ID: m.ID, Code: wire.TooMany, Message: "too many hold or wait before the place where the list is to go on"})
		return
	}
	l.reply(it.session, &wire.InfoPage{ID: m.ID, Locks: page.Locks, Next: page.Next})
}

// why answers who is in the way.
func (l *loop) why(it item, m *wire.Why, now time.Duration) {
	var chain []wire.Step
	events, known := l.events[:0], true
	if name, given := m.Lock.Get(); given {
		chain, events = l.table.WhyLock(now, name, events)
	} else {
		chain, known, events = l.table.Why(now, m.Request.Or(wire.ID{}), events)
	}
	l.deliver(events)
	if !known {
		l.decline(it, &wire.Error{ID: m.ID, Code: wire.NotFound, Message: "no such request"})
		return
	}
	l.reply(it.session, &wire.Chain{ID: m.ID, Chain: chain})
}

// evict ends a request of anyone.
func (l *loop) evict(it item, m *wire.Evict, now time.Duration) {
	events, known := l.table.Evict(now, m.Request, nameOf(it.session.peer), m.Message, l.events[:0])
	if known {
		it.verdict <- l.verdictOnEvict(m.Request, events)
	}
	l.deliver(events)
	if !known {
		l.decline(it, &wire.Error{ID: m.ID, Code: wire.NotFound, Message: "no such request"})
		return
	}
	l.reply(it.session, &wire.Evicted{ID: m.ID})
}

// admit uses up the number of an id that m opens, or says why it cannot; an id
// that m only names must be one of this session, for nobody may end what
// others hold.
func (s *session) admit(id wire.ID, opens bool, m wire.Request) *wire.Error {
	switch {
	case opens:
		return s.use(id)
	case id.Session == s.name:
		return nil
	case m.Kind() == "release":
		return &wire.Error{ID: id, Code: wire.NotHeld, Message: "not a request of this session"}
	}
	return &wire.Error{ID: id, Code: wire.NotFound, Message: "not a request of this session"}
}

// use uses up the number of an id that opens a request, or says why it cannot.
func (s *session) use(id wire.ID) *wire.Error {
	if id.Valid() && id.Session == s.name && id.N > s.last {
		s.last = id.N
		return nil
	}
	reason := fmt.Sprintf("want %s--n, n in decimal from 0", s.name)
	if s.last >= 0 {
		reason = fmt.Sprintf("want %s--n with n greater than %d", s.name, s.last)
	}
	return &wire.Error{ID: id, Code: wire.BadID, Message: reason}
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
		return wire.NewGranted(id, event.Token)
	case locktable.Released:
		return wire.NewReleased(id)
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

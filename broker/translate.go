package broker

import (
	"fmt"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file is the only one that knows both vocabularies, the messages of the
// wire and the commands and events of the lock table.

// request does what a client asks for.
func (l *loop) request(s *session, m wire.Request) {
	id, opens := m.Opener()
	if refusal := s.admit(id, opens, m); refusal != nil {
		l.reply(s, refusal)
		if m.Kind() == "info" {
			s.pageDone()
		}
		return
	}
	now, events := l.now(), l.events[:0]
	switch m := m.(type) {
	case *wire.Acquire:
		if m.Steal {
			l.reply(s, unsupported(id, "steal"))
			return
		}
		l.deliver(l.table.Acquire(now, acquireCommand(m), events))
	case *wire.Release:
		l.deliver(l.table.Release(now, id, events))
	case *wire.Cancel:
		l.deliver(l.table.Cancel(now, id, events))
	case *wire.Info:
		page, events := l.table.Page(now, queryOf(m), events)
		l.deliver(events)
		l.reply(s, &wire.InfoPage{ID: id, Locks: page.Locks, Next: page.Next})
	case *wire.Ping:
		l.reply(s, &wire.Pong{ID: id})
	case *wire.Unwatch:
		l.reply(s, &wire.Error{ID: id, Code: wire.NotFound, Message: "no such watch"})
	default:
		l.reply(s, unsupported(id, m.Kind()))
	}
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

func acquireCommand(m *wire.Acquire) locktable.Acquire {
	a := locktable.Acquire{
		ID:     m.ID,
		Locks:  m.Locks,
		Author: m.Author,
		Wait:   locktable.Forever,
		Hold:   millis(m.HoldMS.Or(0)),
		Parent: m.Parent,
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
	}
}

// replyTo is what the requestor is told of an event; nil: nothing.
func replyTo(event *locktable.Event) wire.Reply {
	id := event.ID
	switch event.Kind {
	case locktable.Granted:
		return &wire.Granted{ID: id, Token: event.Token}
	case locktable.Released:
		return &wire.Released{ID: id}
	case locktable.Cancelled:
		return &wire.Cancelled{ID: id}
	case locktable.Lost:
		return &wire.Lost{ID: id, Reason: event.Lost, By: event.By, Message: event.Message}
	case locktable.Evicted:
		return &wire.Error{ID: id, Code: wire.WasEvicted, Message: event.Message, By: event.By}
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

func unsupported(id wire.ID, what string) *wire.Error {
	return &wire.Error{ID: id, Code: wire.BadRequest, Message: what + ": not supported yet"}
}

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
	if id, opens := m.Opener(); opens {
		if refusal := s.use(id); refusal != nil {
			l.reply(s, refusal)
			return
		}
	}
	now, events := l.now(), l.events[:0]
	switch m := m.(type) {
	case *wire.Acquire:
		if m.Steal {
			l.reply(s, unsupported(m.ID, "steal"))
			return
		}
		l.deliver(l.table.Acquire(now, acquireCommand(m), events))
	case *wire.Release:
		if m.ID.Session != s.name {
			l.reply(s, notHeld(m.ID))
			return
		}
		l.deliver(l.table.Release(now, m.ID, events))
	case *wire.Cancel:
		if m.ID.Session != s.name {
			l.reply(s, notFound(m.ID))
			return
		}
		l.deliver(l.table.Cancel(now, m.ID, events))
	case *wire.Info:
		page, events := l.table.Page(now, queryOf(m), events)
		l.deliver(events)
		l.reply(s, &wire.InfoPage{ID: m.ID, Locks: page.Locks, Next: page.Next})
	case *wire.Ping:
		l.reply(s, &wire.Pong{ID: m.ID})
	case *wire.Unwatch:
		l.reply(s, notFound(m.ID))
	default:
		id, _ := m.Opener()
		l.reply(s, unsupported(id, m.Kind()))
	}
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
func (l *loop) replyTo(event *locktable.Event) wire.Reply {
	id := event.ID
	switch event.Kind {
	case locktable.Granted:
		return &wire.Granted{ID: id, Token: event.Token}
	case locktable.Released:
		return &wire.Released{ID: id}
	case locktable.Cancelled:
		return &wire.Cancelled{ID: id}
	case locktable.Expired:
		return &wire.Lost{ID: id, Reason: wire.LostExpired}
	case locktable.TimedOut:
		return inTheWay(id, wire.Timeout, "not granted within wait_ms", event.Obstacle)
	case locktable.Refused:
		return l.refusal(event)
	}
	return nil // Queued: the requestor waits; Gone: nobody is there
}

func (l *loop) refusal(event *locktable.Event) *wire.Error {
	switch id := event.ID; event.Code {
	case wire.Unavailable:
		return inTheWay(id, event.Code, "the locks are not free", event.Obstacle)
	case wire.NotHeld:
		return notHeld(id)
	case wire.TooMany:
		reason := fmt.Sprintf("this session has %d requests already", l.config.Limits.Requests)
		return &wire.Error{ID: id, Code: event.Code, Message: reason}
	default: // wire.NotFound: of an acquire, its parent; of a cancel, the request itself
		return notFound(id)
	}
}

func inTheWay(id wire.ID, code wire.Code, reason string, o *locktable.Obstacle) *wire.Error {
	return &wire.Error{ID: id, Code: code, Message: reason, Holders: o.Holders, Ahead: wire.Some(o.Ahead)}
}

func notHeld(id wire.ID) *wire.Error {
	return &wire.Error{ID: id, Code: wire.NotHeld, Message: "release of a request that is not held"}
}

func notFound(id wire.ID) *wire.Error {
	return &wire.Error{ID: id, Code: wire.NotFound, Message: "no such request, or its parent is not held"}
}

func unsupported(id wire.ID, what string) *wire.Error {
	return &wire.Error{ID: id, Code: wire.BadRequest, Message: what + ": not supported yet"}
}

package core

import (
	"cmp"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// AcquireOf translates a message into a command for [Machine.Acquire]. peer is the client that has
// sent it.
func AcquireOf(m *wire.Acquire, peer wire.Peer) locktable.Acquire {
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
		a.By = NameOf(peer)
	}
	if wait, given := m.WaitMS.Get(); given {
		a.Wait = millis(wait)
	}
	return a
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// QueryOf translates a message into a query for the lock table.
func QueryOf(m *wire.Info) locktable.Query {
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

// ReplyTo returns the reply that tells a request's client about an event, or nil if the client is told
// nothing.
func ReplyTo(event *locktable.Event) wire.Reply {
	id := event.ID
	switch event.Kind {
	case locktable.Granted:
		return codec.NewGranted(id, event.Token)
	case locktable.Released:
		if event.Quiet {
			return nil
		}
		return codec.NewReleased(id)
	case locktable.Cancelled:
		return &wire.Cancelled{ID: id}
	case locktable.Lost:
		return &wire.Lost{ID: id, Reason: event.Lost, By: event.By, Message: event.Message}
	case locktable.Evicted:
		message := cmp.Or(event.Message, "withdrawn by an operator")
		return &wire.Error{ID: id, Code: wire.WasEvicted, Message: message, By: event.By}
	case locktable.Forbidden:
		return errorOf(event, wire.Forbidden)
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

// NameOf returns what to call a client: its identity, else the label that it gave itself, else its
// address.
func NameOf(p wire.Peer) string {
	switch {
	case p.Identity != "":
		return p.Identity
	case p.Client != "":
		return p.Client
	}
	return p.Remote
}

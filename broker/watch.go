package broker

import (
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A watch wants to know what happens at the locks that match.
type watch struct {
	session *session
	id      wire.ID
	match   string // "": all
}

// watchCost is what a watch counts for beside the cost of its glob, and
// watchesCost how much all watches of a session may cost: 65 without a glob or
// with short ones, one with the costliest glob there is.
const (
	watchCost   = 32
	watchesCost = wire.MaxGlobCost + watchCost
)

func (w *watch) cost() int { return watchCost + wire.GlobCost(w.match) }

func (w *watch) matches(name string) bool {
	return w.match == "" || doublestar.MatchUnvalidated(w.match, name)
}

// watch begins a watch.
func (l *loop) watch(s *session, m *wire.Watch) {
	w := &watch{session: s, id: m.ID, match: m.Match.Or("")}
	cost := w.cost()
	for _, other := range l.watches {
		if other.session == s {
			cost += other.cost()
		}
	}
	if cost > watchesCost {
		l.reply(s, &wire.Error{ID: m.ID, Code: wire.TooMany, Message: "this connection has too many watches, or globs that are too long"})
		return
	}
	l.watches = append(l.watches, w)
	l.reply(s, &wire.Watching{ID: m.ID})
}

// unwatch ends a watch.
func (l *loop) unwatch(s *session, id wire.ID) {
	at := slices.IndexFunc(l.watches, func(w *watch) bool { return w.session == s && w.id == id })
	if at < 0 {
		l.reply(s, &wire.Error{ID: id, Code: wire.NotFound, Message: "no such watch"})
		return
	}
	l.watches = slices.Delete(l.watches, at, at+1)
	s.out.resume(id)
	l.reply(s, &wire.Unwatched{ID: id})
}

// unwatchAll ends the watches of a session that ends.
func (l *loop) unwatchAll(s *session) {
	l.watches = slices.DeleteFunc(l.watches, func(w *watch) bool { return w.session == s })
}

// tellWatches queues a change for each lock of the event's request and each
// watch that it matches.
func (l *loop) tellWatches(event *locktable.Event) {
	for i := range event.Locks() {
		var change *wire.Change
		name := event.Lock(i)
		for _, w := range l.watches {
			if !w.matches(name) {
				continue
			}
			if change == nil {
				change = l.changeOf(event, i)
			}
			w.session.out.tell(w.id, change)
		}
	}
}

package broker

import (
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/time/rate"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// What the watches of one session may cost. To compare a name with a glob takes
// up to the cost of the glob for each byte of the name, in steps of three
// nanoseconds at worst, and everybody waits meanwhile. So a session has a stock of
// matchBurst steps, ten milliseconds, that grows by matchRate a second. When it
// is used up, its watches lag.
//
// An ordinary glob and name take a few hundred steps: matchRate is more changes
// than a connection can carry.
const (
	matchRate  = rate.Limit(60_000_000)
	matchBurst = 3_000_000
	// matchBase is what a comparison costs beside the glob.
	matchBase = 100

	// watchCost is what a watch counts for beside the cost of its glob, and
	// watchesCost how much all watches of a session may count for: 65 without a
	// glob or with short ones, one with the costliest glob there is.
	watchCost   = 32
	watchesCost = wire.MaxGlobCost + watchCost
)

// A watch wants to know what happens at the locks that match.
type watch struct {
	id    wire.ID
	match string // "": all
	cost  int    // of match
}

func newWatch(m *wire.Watch) *watch {
	match := m.Match.Or("")
	return &watch{id: m.ID, match: match, cost: wire.GlobCost(match)}
}

func (w *watch) matches(name string) bool {
	return w.match == "" || doublestar.MatchUnvalidated(w.match, name)
}

// watches are those of one session, in the order in which they began.
type watches struct {
	session *session
	all     []*watch
	stock   *rate.Limiter // of steps
}

func newWatches(s *session) *watches {
	return &watches{session: s, stock: rate.NewLimiter(matchRate, matchBurst)}
}

// add begins a watch, if there is room for it.
func (ws *watches) add(w *watch) bool {
	cost := watchCost + w.cost
	for _, other := range ws.all {
		cost += watchCost + other.cost
	}
	if cost > watchesCost {
		return false
	}
	ws.all = append(ws.all, w)
	return true
}

// remove ends the watch of that id, if there is one.
func (ws *watches) remove(id wire.ID) bool {
	before := len(ws.all)
	ws.all = slices.DeleteFunc(ws.all, func(w *watch) bool { return w.id == id })
	return len(ws.all) < before
}

// tell tells each watch that matches of a change at the lock of that name.
func (ws *watches) tell(now time.Time, name string, change func() *wire.Change) {
	for _, w := range ws.all {
		out := ws.session.out
		switch {
		case out.lags(w.id):
		case !ws.stock.AllowN(now, matchBase+w.cost*len(name)):
			out.lag(w.id)
		case w.matches(name):
			out.tell(w.id, change())
		}
	}
}

// watch begins a watch.
func (l *loop) watch(s *session, m *wire.Watch) {
	if s.watches == nil {
		s.watches = newWatches(s)
	}
	if !s.watches.add(newWatch(m)) {
		l.reply(s, &wire.Error{ID: m.ID, Code: wire.TooMany, Message: "this connection has too many watches, or globs that are too long"})
		return
	}
	if len(s.watches.all) == 1 {
		l.watchers = append(l.watchers, s.watches)
	}
	l.reply(s, &wire.Watching{ID: m.ID})
}

// unwatch ends a watch.
func (l *loop) unwatch(s *session, id wire.ID) {
	if s.watches == nil || !s.watches.remove(id) {
		l.reply(s, &wire.Error{ID: id, Code: wire.NotFound, Message: "no such watch"})
		return
	}
	if len(s.watches.all) == 0 {
		l.forgetWatches(s)
	}
	s.out.resume(id)
	l.reply(s, &wire.Unwatched{ID: id})
}

// forgetWatches ends the watches of a session, if it has any.
func (l *loop) forgetWatches(s *session) {
	if s.watches != nil {
		l.watchers = slices.DeleteFunc(l.watchers, func(ws *watches) bool { return ws == s.watches })
	}
}

// tellWatches tells of an event: one change for each lock of its request.
func (l *loop) tellWatches(event *locktable.Event) {
	now := time.Now()
	for i := range event.Locks() {
		name := event.Lock(i)
		var change *wire.Change
		made := func() *wire.Change {
			if change == nil {
				change = l.changeOf(event, i)
			}
			return change
		}
		for _, ws := range l.watchers {
			ws.tell(now, name, made)
		}
	}
}

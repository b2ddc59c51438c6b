package broker

import (
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/time/rate"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// What watches may cost. To compare a name with a glob takes up to the cost of the glob
// for each byte of the name, in steps of three nanoseconds at worst, and everybody waits
// meanwhile. So a share has a stock of matchBurst steps, ten milliseconds, that grows by
// matchRate a second, and all shares together have one of the same size that grows by a third of
// the loop's time. When a stock is used up, watches lag.
//
// An ordinary glob and name take a few hundred steps: matchRate is more changes
// than a connection can carry.
const (
	matchRate    = rate.Limit(60_000_000)
	matchRateAll = rate.Limit(110_000_000)
	matchBurst   = 3_000_000
	// matchBase is what a comparison costs beside the glob, and tellCost what it costs to
	// tell a change.
	matchBase = 100
	tellCost  = 100
	// matchesOfStep is how many of these steps are one of the loop's.
	matchesOfStep = 7

	// watchCost is what a watch counts for beside the cost of its glob, and
	// watchesCost how much all watches of a session may count for: 65 without a
	// glob or with short ones, one with the costliest glob there is.
	watchCost   = 32
	watchesCost = glob.MaxCost + watchCost

	// alwaysWatches is how many watches a session may have however many there are in all.
	alwaysWatches = 2
	// quietTime is how long watches that cost too much are told nothing.
	quietTime = time.Second
)

func newStock() *rate.Limiter { return rate.NewLimiter(matchRate, matchBurst) }

// A watch wants to know what happens at the locks that match.
type watch struct {
	id    wire.ID
	match string // "": all
	cost  int    // of match
}

func newWatch(m *wire.Watch) *watch {
	match := m.Match.Or("")
	return &watch{id: m.ID, match: match, cost: glob.Cost(match)}
}

func (w *watch) matches(name string) bool {
	return w.match == "" || doublestar.MatchUnvalidated(w.match, name)
}

// watches are those of one session, in the order in which they began.
type watches struct {
	session *session
	all     []*watch
	cost    int // of all globs

	quiet  bool          // told nothing for now, because they cost too much
	until  time.Duration // when they are told again
	missed bool          // something that they might have been told
}

// add begins a watch, if there is room for it.
func (ws *watches) add(w *watch) bool {
	cost := ws.cost + w.cost
	if cost+watchCost*(len(ws.all)+1) > watchesCost {
		return false
	}
	ws.all, ws.cost = append(ws.all, w), cost
	return true
}

// remove ends the watch of that id, if there is one.
func (ws *watches) remove(id wire.ID) bool {
	for i, w := range ws.all {
		if w.id == id {
			ws.all, ws.cost = slices.Delete(ws.all, i, i+1), ws.cost-w.cost
			return true
		}
	}
	return false
}

// price is what it costs to compare a name with all globs.
func (ws *watches) price(name string) int { return len(ws.all)*matchBase + ws.cost*len(name) }

// lag tells all of them that they have missed something.
func (ws *watches) lag() {
	for _, w := range ws.all {
		if !ws.session.out.lags(w.id) {
			ws.session.out.lag(w.id)
		}
	}
}

// tell tells each watch that matches of a change at the lock of that name, and returns to how many.
func (ws *watches) tell(name string, change func() *wire.Change) (told int) {
	for _, w := range ws.all {
		if !ws.session.out.lags(w.id) && w.matches(name) {
			ws.session.out.tell(w.id, change())
			told++
		}
	}
	return told
}

// watching is all watches of all sessions.
type watching struct {
	sessions []*watches // in the order in which they began
	quiet    []*watches // the first to be told again first
	stock    *rate.Limiter
	count    int
	most     int
	spent    int64 // steps of the loop, so far
}

func newWatching(config Config) watching {
	return watching{stock: rate.NewLimiter(matchRateAll, matchBurst), most: config.MaxWatches}
}

func (w *watching) any() bool { return len(w.sessions) > 0 }

// mayAdd reports whether a session may have one more. One share has half of all at most.
func (w *watching) mayAdd(s *session) bool {
	return len(s.watches.all) < alwaysWatches || w.count < w.most && s.share.watches < max(w.most/2, 1)
}

func (w *watching) added(s *session, n int) {
	w.count += n
	s.share.watches += n
}

// hush tells watches that cost too much that they lag, and then nothing for a while.
func (w *watching) hush(ws *watches, now time.Duration) {
	ws.lag()
	ws.quiet, ws.missed, ws.until = true, false, now+quietTime
	w.quiet = append(w.quiet, ws)
	w.spent += int64(len(ws.all) * tellCost / matchesOfStep)
}

// catchUp lets watches be told again whose time of quiet is over. What they have missed meanwhile
// they must know of: their clients have read that they lag, and have looked at the locks since.
func (w *watching) catchUp(now time.Duration) {
	for len(w.quiet) > 0 && w.quiet[0].until <= now {
		ws := w.quiet[0]
		w.quiet = w.quiet[1:]
		ws.quiet = false
		if ws.missed {
			ws.lag()
		}
	}
}

// nextDeadline is when catchUp has something to do.
func (w *watching) nextDeadline() (time.Duration, bool) {
	if len(w.quiet) == 0 {
		return 0, false
	}
	return w.quiet[0].until, true
}

// forget ends the watches of a session, if it has any.
func (w *watching) forget(s *session) {
	if s.watches == nil {
		return
	}
	w.added(s, -len(s.watches.all))
	isThat := func(ws *watches) bool { return ws == s.watches }
	w.sessions = slices.DeleteFunc(w.sessions, isThat)
	w.quiet = slices.DeleteFunc(w.quiet, isThat)
	s.watches = nil
}

// watch begins a watch.
func (l *loop) watch(s *session, m *wire.Watch) {
	if s.watches == nil {
		s.watches = &watches{session: s}
	}
	switch {
	case !l.watching.mayAdd(s):
		l.refuseMore(s, m.ID, "watches")
		return
	case !s.watches.add(newWatch(m)):
		l.reply(s, &wire.Error{ID: m.ID, Code: wire.TooMany, Message: "this connection has too many watches, or globs that are too long"})
		return
	}
	l.watching.added(s, 1)
	if len(s.watches.all) == 1 {
		l.watching.sessions = append(l.watching.sessions, s.watches)
	}
	l.reply(s, &wire.Watching{ID: m.ID})
}

// unwatch ends a watch.
func (l *loop) unwatch(s *session, id wire.ID) {
	if s.watches == nil || !s.watches.remove(id) {
		l.reply(s, &wire.Error{ID: id, Code: wire.NotFound, Message: "no such watch"})
		return
	}
	l.watching.added(s, -1)
	if len(s.watches.all) == 0 {
		l.watching.forget(s)
	}
	s.out.resume(id)
	l.reply(s, &wire.Unwatched{ID: id})
}

// tellWatches tells of an event: one change for each lock of its request.
func (l *loop) tellWatches(event *locktable.Event) {
	now := l.start.Add(l.at)
	for i := range event.Locks() {
		name := event.Lock(i)
		var change *wire.Change
		made := func() *wire.Change {
			if change == nil {
				change = l.changeOf(event, i)
			}
			return change
		}
		for _, ws := range l.watching.sessions {
			l.tellSession(ws, now, name, made)
		}
	}
}

// tellSession tells the watches of a session, if that does not cost too much.
func (l *loop) tellSession(ws *watches, now time.Time, name string, change func() *wire.Change) {
	if ws.quiet {
		ws.missed = true
		return
	}
	price, stock := ws.price(name), ws.session.share.stock
	if !stock.AllowN(now, price) || !l.watching.stock.AllowN(now, price) {
		l.watching.hush(ws, l.now())
		return
	}
	told := ws.tell(name, change) * tellCost
	stock.ReserveN(now, told)
	l.watching.stock.ReserveN(now, told)
	l.watching.spent += int64((price + told) / matchesOfStep)
}

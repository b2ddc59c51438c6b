package broker

import (
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/time/rate"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// What watches may cost. Comparing a name with a glob takes up to the cost of the glob for each
// byte of the name, in steps of three nanoseconds at worst, and everybody waits meanwhile. So each
// share has a stock of matchBurst steps, ten milliseconds, that grows by matchRate a second. All
// shares together have a stock of the same size, which grows by a third of the loop's time. When a
// stock is used up, watches lag.
//
// An ordinary glob and name take a few hundred steps. So matchRate allows more changes than a
// connection can carry.
const (
	matchRate    = rate.Limit(60_000_000)
	matchRateAll = rate.Limit(110_000_000)
	matchBurst   = 3_000_000
	// matchBase is what a comparison costs without the glob, and tellCost what it costs to tell
	// a change.
	matchBase = 100
	tellCost  = 100
	// matchesOfStep is how many of these steps are one step of the loop.
	matchesOfStep = 7

	// watchCost is what a watch counts for, without the cost of its glob. watchesCost is how
	// much all watches of a session may count for: 65 watches with short globs or none, or one
	// with the costliest glob there is.
	watchCost   = 32
	watchesCost = glob.MaxCost + watchCost

	// alwaysWatches is how many watches every session may have, whatever the total.
	alwaysWatches = 2
	// quietTime is how long watches that cost too much are told nothing.
	quietTime = time.Second
)

func newStock() *rate.Limiter { return rate.NewLimiter(matchRate, matchBurst) }

// A watch is told what happens at the locks whose names match.
type watch struct {
	id    wire.ID
	match string // "": all names
	cost  int    // of match
}

func newWatch(m *wire.Watch) *watch {
	match := m.Match.Or("")
	return &watch{id: m.ID, match: match, cost: glob.Cost(match)}
}

func (w *watch) matches(name string) bool {
	return w.match == "" || doublestar.MatchUnvalidated(w.match, name)
}

// watches are the watches of one session, in the order in which they began.
type watches struct {
	session *session
	all     []*watch
	cost    int // of all globs

	quiet  bool          // they cost too much, and are told nothing for now
	until  time.Duration // the end of that
	missed bool          // there was a change in that time
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

// remove ends the watch of that id. It reports false if there is none.
func (ws *watches) remove(id wire.ID) bool {
	for i, w := range ws.all {
		if w.id == id {
			ws.all, ws.cost = slices.Delete(ws.all, i, i+1), ws.cost-w.cost
			return true
		}
	}
	return false
}

// price returns what it costs to compare a name with all globs.
func (ws *watches) price(name string) int { return len(ws.all)*matchBase + ws.cost*len(name) }

// lag tells all watches that they have missed something.
func (ws *watches) lag() {
	for _, w := range ws.all {
		if !ws.session.out.lags(w.id) {
			ws.session.out.lag(w.id)
		}
	}
}

// tell tells each watch that matches of a change at the lock of that name. It returns how many it
// has told.
func (ws *watches) tell(name string, change func() *wire.Change) (told int) {
	for _, w := range ws.all {
		if !ws.session.out.lags(w.id) && w.matches(name) {
			ws.session.out.putChange(w.id, change())
			told++
		}
	}
	return told
}

// watching is all watches of all sessions.
type watching struct {
	sessions []*watches // in the order in which they began
	quiet    []*watches // in the order in which their quiet ends
	stock    *rate.Limiter
	count    int
	most     int
	spent    int64 // steps of the loop so far
}

func newWatching(config Config) watching {
	return watching{stock: rate.NewLimiter(matchRateAll, matchBurst), most: config.MaxWatches}
}

func (w *watching) any() bool { return len(w.sessions) > 0 }

// mayAdd reports whether a session may have one more. One share has half of all watches at most.
func (w *watching) mayAdd(s *session) bool {
	return len(s.watches.all) < alwaysWatches || w.count < w.most && s.share.watches < max(w.most/2, 1)
}

// countMore adds n to the number of watches. n may be negative.
func (w *watching) countMore(s *session, n int) {
	w.count += n
	s.share.watches += n
}

// silence tells watches that cost too much that they lag, and then nothing for quietTime.
func (w *watching) silence(ws *watches, now time.Duration) {
	ws.lag()
	ws.quiet, ws.missed, ws.until = true, false, now+quietTime
	w.quiet = append(w.quiet, ws)
	w.spent += int64(len(ws.all) * tellCost / matchesOfStep)
}

// endQuiet lets watches be told again whose quiet is over. If they have missed a change, they lag
// once more: their clients have read that they lag, and may have asked for the locks before that
// change.
func (w *watching) endQuiet(now time.Duration) {
	for len(w.quiet) > 0 && w.quiet[0].until <= now {
		ws := w.quiet[0]
		w.quiet = w.quiet[1:]
		ws.quiet = false
		if ws.missed {
			ws.lag()
		}
	}
}

// nextDeadline returns when endQuiet has something to do, if anything.
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
	w.countMore(s, -len(s.watches.all))
	isThat := func(ws *watches) bool { return ws == s.watches }
	w.sessions = slices.DeleteFunc(w.sessions, isThat)
	w.quiet = slices.DeleteFunc(w.quiet, isThat)
	s.watches = nil
}

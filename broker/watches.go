package broker

import (
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/time/rate"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// These constants limit what watches may cost. Comparing a name with a glob takes a number of steps
// for each byte of the name: at most the cost of the glob. A step takes at most three nanoseconds,
// and everybody has to wait meanwhile. So each share has a stock of up to matchBurst steps, about
// ten milliseconds, which grows by matchRate a second. All shares together have a stock of the same
// size, which grows fast enough to use a third of the loop's time. When a stock is used up, watches
// lag.
//
// An ordinary name and glob take a few hundred steps, so matchRate allows more changes than a
// connection can carry.
const (
	matchRate    = rate.Limit(60_000_000)
	matchRateAll = rate.Limit(110_000_000)
	matchBurst   = 3_000_000
	// matchBase is the cost of a comparison apart from the glob's, and tellCost is the cost of
	// telling a watch about a change.
	matchBase = 100
	tellCost  = 100
	// matchesOfStep is how many of these steps make one step of the loop.
	matchesOfStep = 7
	// matchesOfSightStep is how many of them make one step of a sight.
	matchesOfSightStep = 2

	// watchCost is what a watch counts for, in addition to the cost of its glob. watchesCost
	// limits the sum for all watches of a session. It allows 65 watches without globs, fewer
	// with globs, and one with the costliest glob.
	watchCost   = 32
	watchesCost = glob.MaxCost + watchCost

	// alwaysWatches is how many watches every session may have, whatever the total is.
	alwaysWatches = 2
	// quietTime is how long watches that cost too much get no changes.
	quietTime = time.Second
)

func newStock() *rate.Limiter { return rate.NewLimiter(matchRate, matchBurst) }

// A watch is told what happens to the locks whose names match its glob.
type watch struct {
	id    wire.ID
	match string // "": all names
	cost  int    // the cost of match as a glob
}

func newWatch(m *wire.Watch) *watch {
	match := m.Match.Or("")
	return &watch{id: m.ID, match: match, cost: glob.Cost(match)}
}

func (w *watch) matches(name string) bool {
	return w.match == "" || doublestar.MatchUnvalidated(w.match, name)
}

// watches holds the watches of one session, in the order in which they started.
type watches struct {
	session *session
	all     []*watch
	cost    int   // the sum for all globs
	globs   int64 // their bytes

	quiet  bool          // they cost too much, and get no changes for now
	until  time.Duration // when the quiet time ends
	missed bool          // a change happened in that time
}

// add adds a watch. It reports false if that would exceed watchesCost.
func (ws *watches) add(w *watch) bool {
	cost := ws.cost + w.cost
	if cost+watchCost*(len(ws.all)+1) > watchesCost {
		return false
	}
	ws.all, ws.cost = append(ws.all, w), cost
	ws.globs += int64(len(w.match))
	return true
}

// remove removes the watch with that id, and returns it. It returns nil if there is none.
func (ws *watches) remove(id wire.ID) *watch {
	for i, w := range ws.all {
		if w.id == id {
			ws.all, ws.cost = slices.Delete(ws.all, i, i+1), ws.cost-w.cost
			ws.globs -= int64(len(w.match))
			return w
		}
	}
	return nil
}

// price returns the cost of comparing a name with all globs.
func (ws *watches) price(name string) int { return len(ws.all)*matchBase + ws.cost*len(name) }

// lag tells all watches that do not lag yet that they have missed changes.
func (ws *watches) lag() {
	for _, w := range ws.all {
		if !ws.session.out.lags(w.id) {
			ws.session.out.lag(w.id)
			ws.session.counters.lags.Add(1)
		}
	}
}

// tell tells each watch that matches name about a change, and returns how many it has told.
func (ws *watches) tell(name string, change func() *wire.Change) (told int) {
	for _, w := range ws.all {
		if !ws.session.out.lags(w.id) && w.matches(name) {
			if !ws.session.out.putChange(w.id, change()) {
				ws.session.counters.lags.Add(1)
			}
			told++
		}
	}
	return told
}

// watching holds all watches of all sessions.
type watching struct {
	sessions []*watches // those with watches, in the order of their first watch
	quiet    []*watches // those that are quiet, in the order in which that ends
	stock    *rate.Limiter
	count    int
	globs    int64 // the bytes of all globs
	most     int
	spent    int64 // on watches, in steps of the loop
}

func newWatching(config Config) watching {
	return watching{stock: rate.NewLimiter(matchRateAll, matchBurst), most: config.MaxWatches}
}

func (w *watching) any() bool { return len(w.sessions) > 0 }

// limitOf returns the limit that another watch of a session would exceed. One share may have at most
// quota.
func (w *watching) limitOf(s *session, quota int) limit {
	switch {
	case len(s.watches.all) < alwaysWatches:
		return noLimit
	case s.share.watches >= quota:
		return limitShareWatches
	case w.count >= w.most:
		return limitWatches
	}
	return noLimit
}

// countMore adds n watches and the bytes of their globs to the totals, and to the watches of s's share.
// Both may be negative.
func (w *watching) countMore(s *session, n int, globs int64) {
	w.count += n
	w.globs += globs
	s.share.watches += n
}

// reserve takes a number of steps from the stocks of watches, even if they have not as many.
func (w *watching) reserve(ws *watches, now time.Time, steps int) {
	ws.session.share.stock.ReserveN(now, steps)
	w.stock.ReserveN(now, steps)
}

// silence is called for watches that cost too much. It tells them that they lag, and makes them
// quiet for quietTime.
func (w *watching) silence(ws *watches, now time.Duration) {
	ws.lag()
	ws.quiet, ws.missed, ws.until = true, false, now+quietTime
	w.quiet = append(w.quiet, ws)
	w.spent += int64(len(ws.all) * tellCost / matchesOfStep)
}

// endQuiet lets watches get changes again once their quiet time is over. Those that missed a change
// meanwhile are told once more that they lag, because their clients may have asked for the listing
// before that change.
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

// nextDeadline returns when endQuiet next has something to do, if ever.
func (w *watching) nextDeadline() (time.Duration, bool) {
	if len(w.quiet) == 0 {
		return 0, false
	}
	return w.quiet[0].until, true
}

// forget removes the watches of a session, if it has any.
func (w *watching) forget(s *session) {
	if s.watches == nil {
		return
	}
	w.countMore(s, -len(s.watches.all), -s.watches.globs)
	isThat := func(ws *watches) bool { return ws == s.watches }
	w.sessions = slices.DeleteFunc(w.sessions, isThat)
	w.quiet = slices.DeleteFunc(w.quiet, isThat)
	s.watches = nil
}

package load

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Bounds of a plan: far above what one machine can do, and below what would only
// exhaust it.
const (
	maxConnections = 10_000
	maxGoroutines  = 100_000
	maxNames       = 1_000_000
	maxTime        = 30 * 24 * time.Hour
)

// A Plan says what load it is to be.
type Plan struct {
	Connections int
	Goroutines  int           // in all, spread evenly over the connections
	Names       int           // how many locks there are to choose from
	Prefix      string        // of their names; a number follows
	Shared      bool          // ask for them shared
	Limit       int           // shared by at most so many; 0: as many as come
	Hold        time.Duration // how long each lock is held
	Warmup      time.Duration // load that is not measured, before that which is
	Duration    time.Duration // how long is measured
}

// Validate says what is wrong with a plan; the text begins with the field.
func (p Plan) Validate() error {
	switch {
	case p.Connections < 1 || p.Connections > maxConnections:
		return fmt.Errorf("connections: want 1 to %d", maxConnections)
	case p.Goroutines < 1 || p.Goroutines > maxGoroutines:
		return fmt.Errorf("goroutines: want 1 to %d", maxGoroutines)
	case p.Goroutines < p.Connections:
		return fmt.Errorf("goroutines: %d in all are too few for %d connections: want one for each at least", p.Goroutines, p.Connections)
	case p.Names < 1 || p.Names > maxNames:
		return fmt.Errorf("names: want 1 to %d", maxNames)
	case p.Limit < 0 || p.Limit > wire.MaxLimit:
		return fmt.Errorf("limit: want 1 to %d", wire.MaxLimit)
	}
	return cmp.Or(p.validateTimes(), p.validatePrefix())
}

func (p Plan) validateTimes() error {
	switch {
	case p.Duration < time.Millisecond || p.Duration > maxTime:
		return fmt.Errorf("duration: want 1ms to %v", maxTime)
	case p.Warmup < 0 || p.Warmup > maxTime:
		return fmt.Errorf("warmup: want 0s to %v", maxTime)
	case p.Hold < 0:
		return errors.New("hold: want 0s or more")
	case p.Hold > p.Duration:
		return fmt.Errorf("hold: want at most the duration, %v, or no lock is held to the end", p.Duration)
	}
	return nil
}

// validatePrefix looks for what no broker takes for a name. How long one may be is
// for the broker to say.
func (p Plan) validatePrefix() error {
	limits := wire.DefaultLimits()
	limits.NameBytes = math.MaxInt
	ask := &wire.Acquire{Locks: []wire.LockSpec{{Name: p.name(p.Names - 1)}}}
	if err := wire.Check(ask, limits); err != nil {
		return fmt.Errorf("prefix: %w", err)
	}
	return nil
}

// name is that of the nth lock, counted from 0.
func (p Plan) name(n int) string { return p.Prefix + strconv.Itoa(n) }

// isShared reports whether several may hold a lock.
func (p Plan) isShared() bool { return p.Shared || p.Limit > 0 }

// holders is how many may hold a lock at once.
func (p Plan) holders() int64 {
	switch {
	case !p.isShared():
		return 1
	case p.Limit > 0:
		return int64(p.Limit)
	}
	return math.MaxInt64
}

// options are those of each request.
func (p Plan) options() *wsclient.AcquireOptions {
	o := &wsclient.AcquireOptions{Limit: p.Limit}
	if p.isShared() {
		o.Mode = wsclient.Shared
	}
	return o
}

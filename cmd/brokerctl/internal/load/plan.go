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

// Bounds of a plan. They are far above what one machine can do, and keep a typo from exhausting it.
const (
	maxConnections = 10_000
	maxGoroutines  = 100_000
	maxNames       = 1_000_000
	maxTime        = 30 * 24 * time.Hour
)

// A Plan describes a load.
type Plan struct {
	Connections int
	Goroutines  int           // in total, spread evenly over the connections
	Names       int           // number of locks to choose from
	Prefix      string        // of the lock names; a number follows
	Shared      bool          // acquire the locks shared
	Limit       int           // the maximum number of holders of a lock; 0: no limit
	Hold        time.Duration // how long to hold each lock
	Warmup      time.Duration // load before the measured time
	Duration    time.Duration // the measured time
}

// Validate returns an error that begins with the name of the field at fault, or nil.
func (p Plan) Validate() error {
	switch {
	case p.Connections < 1 || p.Connections > maxConnections:
		return fmt.Errorf("connections: want 1 to %d", maxConnections)
	case p.Goroutines < 1 || p.Goroutines > maxGoroutines:
		return fmt.Errorf("goroutines: want 1 to %d", maxGoroutines)
	case p.Goroutines < p.Connections:
		return fmt.Errorf("goroutines: want at least one per connection: %d are too few for %d connections",
			p.Goroutines, p.Connections)
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
		return fmt.Errorf("hold: want at most the duration, %v: no lock would be held to its end", p.Duration)
	}
	return nil
}

// validatePrefix refuses names that no broker accepts. It does not check their length, because only the broker knows
// the limit.
func (p Plan) validatePrefix() error {
	limits := wire.DefaultLimits()
	limits.NameBytes = math.MaxInt
	ask := &wire.Acquire{Locks: []wire.LockSpec{{Name: p.name(p.Names - 1)}}}
	if err := wire.Check(ask, limits); err != nil {
		return fmt.Errorf("prefix: %w", err)
	}
	return nil
}

// name returns the name of the nth lock, counted from 0.
func (p Plan) name(n int) string { return p.Prefix + strconv.Itoa(n) }

// isShared reports whether a lock may have several holders.
func (p Plan) isShared() bool { return p.Shared || p.Limit > 0 }

// holders returns the maximum number of holders of a lock.
func (p Plan) holders() int64 {
	switch {
	case !p.isShared():
		return 1
	case p.Limit > 0:
		return int64(p.Limit)
	}
	return math.MaxInt64
}

// options returns the options of each request.
func (p Plan) options() *wsclient.AcquireOptions {
	o := &wsclient.AcquireOptions{Limit: p.Limit}
	if p.isShared() {
		o.Mode = wsclient.Shared
	}
	return o
}

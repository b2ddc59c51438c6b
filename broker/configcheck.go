package broker

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// maxDuration is the longest duration that messages can express, a year.
const maxDuration = time.Duration(wire.MaxMillis) * time.Millisecond

// maxMetricsLocks is how many locks may have metrics of their own. The loop copies them for each scrape.
const maxMetricsLocks = 1000

// check returns an error if a config whose defaults are filled in is invalid.
func (c Config) check() error {
	switch {
	case c.Timeout < 0 || c.Timeout > maxDuration:
		return fmt.Errorf("broker: Timeout is %v: want more than 0 and at most a year", c.Timeout)
	case c.Heartbeat < time.Millisecond || c.Heartbeat > c.Timeout/2:
		return fmt.Errorf("broker: Heartbeat is %v: want 1ms to half of Timeout, %v", c.Heartbeat, c.Timeout/2)
	case c.Drain > maxDuration:
		return fmt.Errorf("broker: Drain is %v: want at most a year", c.Drain)
	}
	if err := CheckBasePath(c.BasePath); err != nil {
		return fmt.Errorf("broker: BasePath: %w", err)
	}
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"MaxRequests", int64(c.MaxRequests)},
		{"MaxWatches", int64(c.MaxWatches)},
		{"MaxDue", c.MaxDue},
		{"MaxPages", int64(c.MaxPages)},
		{"MaxMemory", c.MaxMemory},
		{"MaxConnections", int64(c.MaxConnections)},
		{"MaxConnectionsPerAddress", int64(c.MaxConnectionsPerAddress)},
		{"MaxConnectionsPerIdentity", int64(c.MaxConnectionsPerIdentity)},
		{"MaxHandshakes", int64(c.MaxHandshakes)},
		{"HandshakesPerSecond", int64(c.HandshakesPerSecond)},
		{"HandshakeBurst", int64(c.HandshakeBurst)},
		{"MaxMetricsLocks", int64(c.MaxMetricsLocks)},
	} {
		if field.value < 0 {
			return fmt.Errorf("broker: %s is %d: want 1 or more, or 0 for the default",
				field.name, field.value)
		}
	}
	if c.MaxMetricsLocks > maxMetricsLocks {
		return fmt.Errorf("broker: MaxMetricsLocks is %d: want at most %d", c.MaxMetricsLocks, maxMetricsLocks)
	}
	for _, pattern := range c.MetricsLocks {
		if pattern == "" || !glob.Valid(pattern) || glob.Cost(pattern) > glob.MaxCost {
			return fmt.Errorf("broker: MetricsLocks has %.80q: want a glob that is not too long", pattern)
		}
	}
	return checkLimits(c.Limits)
}

func checkLimits(l wire.Limits) error {
	all := []int{l.MessageBytes, l.NameBytes, l.AuthorBytes, l.LocksPerRequest, l.Requests}
	switch {
	case slices.Min(all) < 0:
		return fmt.Errorf("broker: Limits are %+v: want none below 0", l)
	case slices.Max(all) > math.MaxInt32:
		return fmt.Errorf("broker: Limits are %+v: want none above %d, for 32-bit clients",
			l, math.MaxInt32)
	}
	return nil
}

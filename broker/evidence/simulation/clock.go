package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// million is the rate of a clock that shows the world's own time.
const million = 1_000_000

// A clock is what the clocks of one machine show. Its monotonic clock runs at a rate of its own, and stands still
// while the machine is suspended. The wall clock goes on meanwhile, and may be set.
type clock struct {
	rate   int64         // how far the clock runs in a million nanoseconds of the world
	tells  bool          // the system tells how long it was suspended
	from   time.Duration // the world's time at which the fields below were right
	mono   time.Duration
	wall   time.Duration
	asleep time.Duration
	stands bool // the machine is suspended
	halts  bool // its wall clock stands, too
}

// at returns what the clocks show.
func (c *clock) at(now time.Duration) simclient.Instant {
	if c.halts {
		return simclient.Instant{Mono: c.mono, Wall: c.wall, Asleep: c.asleep}
	}
	passed := c.local(now - c.from)
	instant := simclient.Instant{Mono: c.mono, Wall: c.wall + passed, Asleep: c.asleep}
	if c.stands {
		if c.tells {
			instant.Asleep += passed
		}
	} else {
		instant.Mono += passed
	}
	return instant
}

// local returns how far the clock runs during a time of the world.
func (c *clock) local(d time.Duration) time.Duration {
	whole, rest := d/million, d%million
	return whole*time.Duration(c.rate) + rest*time.Duration(c.rate)/million
}

// when returns the time of the world at which the monotonic clock will show mono, or a moment later.
func (c *clock) when(mono, now time.Duration) time.Duration {
	left := mono - c.at(now).Mono
	if left <= 0 {
		return now
	}
	rate := time.Duration(c.rate)
	whole, rest := left/rate, left%rate
	return now + whole*million + (rest*million+rate-1)/rate + 1
}

// change moves the fields to now, so that one of them can be changed.
func (c *clock) change(now time.Duration) {
	instant := c.at(now)
	c.mono, c.wall, c.asleep, c.from = instant.Mono, instant.Wall, instant.Asleep, now
}

// suspend stops the monotonic clock.
func (c *clock) suspend(now time.Duration) {
	c.change(now)
	c.stands = true
}

// halt stops all clocks.
func (c *clock) halt(now time.Duration) {
	c.change(now)
	c.stands, c.halts = true, true
}

// resume starts the clocks again.
func (c *clock) resume(now time.Duration) {
	c.change(now)
	c.stands, c.halts = false, false
}

// set sets the wall clock forward, or back if by is negative.
func (c *clock) set(now, by time.Duration) {
	c.change(now)
	c.wall += by
}

// leastSleep is the shortest suspension that counts: the system reports shorter ones inexactly.
const leastSleep = 100 * time.Millisecond

// elapsed returns the longest time that any of the clocks shows between two instants.
func elapsed(earlier, later simclient.Instant) time.Duration {
	mono := later.Mono - earlier.Mono
	if slept := later.Asleep - earlier.Asleep; slept > leastSleep {
		mono += slept
	}
	return max(mono, later.Wall-earlier.Wall)
}

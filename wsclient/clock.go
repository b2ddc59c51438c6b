package wsclient

import (
	"time"

	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// A clock reads the clocks of the machine.
type clock struct {
	begin  time.Time    // the origin of what it reads
	wall   int64        // begin on the wall clock, in nanoseconds since 1970
	latest core.Instant // the latest reading of all clocks by quick
}

// sleepEvery is the shortest time between two readings of Asleep by quick.
const sleepEvery = time.Millisecond

func newClock() clock {
	t := time.Now()
	return clock{begin: t, wall: t.UnixNano()}
}

// now reads all clocks.
func (c *clock) now() core.Instant {
	at := c.awake()
	at.Asleep = asleep()
	return at
}

// awake is now without Asleep, which takes longer to read.
func (c *clock) awake() core.Instant {
	t := time.Now()
	return core.Instant{Mono: t.Sub(c.begin), Wall: time.Duration(t.UnixNano() - c.wall)}
}

// quick is a cheap now, for callers that read the clocks very often. Its Asleep is at most sleepEvery old, not
// counting time during which the machine was suspended. It is not safe for concurrent use.
func (c *clock) quick() core.Instant {
	at := c.awake()
	if at.Mono-c.latest.Mono >= sleepEvery {
		c.latest = c.now()
		return c.latest
	}
	at.Asleep = c.latest.Asleep
	return at
}

//go:build linux

package load

import "time"

// A pace says whether a holder runs at its usual pace. If not, its process was frozen, or the machine is busy. Then the
// timers of the client are late, too, and a lock that is lost looks as if it were held.
type pace struct {
	latest int64 // the time of the latest sample
	streak int   // how many samples have come in time since one was late
}

// longestGap is the longest time between two samples that are in time, and enough how many must be.
const (
	longestGap = 60 * time.Millisecond
	enough     = 5
)

// isSteady adds a sample, and reports whether it and those before it came in time.
func (p *pace) isSteady(at int64) bool {
	p.streak++
	if at-p.latest > longestGap.Nanoseconds() {
		p.streak = 0
	}
	p.latest = at
	return p.streak >= enough
}

// mostLateness returns how long a holder may go on after its loss while it runs at its usual pace. A client without a
// timer for its lease notices the end before the next ping: a quarter of the session timeout later.
func (c *client) mostLateness() time.Duration { return max(300*time.Millisecond, c.config.Timeout/10) }

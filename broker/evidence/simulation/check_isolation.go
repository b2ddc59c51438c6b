package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// checkCalm checks P15 when a call loses its locks because its connection or its lease has ended. That must not happen
// to a client that no fault concerns, whatever happens to the other clients and however slow the loop of the broker is.
func (w *World) checkCalm(c *call, reason string) {
	if c.node.isCalm {
		w.violate(promise.Isolation, "call %d of c%d lost its locks by %s, and no fault concerns it",
			c.plan.Number, c.plan.Client, reason)
	}
}

// isCalm reports whether no fault concerns a client, no message takes so long that a lease could end, and the kernels
// take enough messages that the broker does not cut it off.
func (p *Plan) isCalm(client int) bool {
	if p.longestTrip()*11/10 > p.leastSpare() || p.Window < 64 {
		return false
	}
	for i := range p.Faults {
		switch f := &p.Faults[i]; f.Kind {
		case EvictHolder, EvictWaiter, SlowLoop, DiskFails, DiskSlow, RestoreSeen, RestoreUnseen, SetBrokerWall:
		default:
			if f.Client == client || f.Client == 0 {
				return false
			}
		}
	}
	return true
}

// longestTrip returns how long a message and its answer may take together if no fault delays them. See World.delay.
func (p *Plan) longestTrip() time.Duration { return 2 * 10 * p.Delay }

// leastSpare returns how long the answer to a ping may take before a lease ends. The next ping is sent a heartbeat after
// the last one, on a clock that may be a tenth slower. A lease has one and a half heartbeats at least.
func (p *Plan) leastSpare() time.Duration {
	return min(p.Timeout*2/3, p.Heartbeat*3/2) - p.Heartbeat
}

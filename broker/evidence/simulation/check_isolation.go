package simulation

import "github.com/lockbroker/lockbroker/broker/evidence/promise"

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
	if p.lasts() {
		return false
	}
	timeout := p.Timeout
	if p.NextTimeout > 0 {
		timeout = min(timeout, p.NextTimeout)
	}
	heartbeat := p.heartbeatOf(timeout)
	const slowest = 2 * 10 * 11 / 10 // a ping and its answer, each ten times slower than usual, by a fast clock
	if heartbeat+slowest*p.Delay > min(timeout*2/3, heartbeat*3/2) || p.Window < 64 {
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

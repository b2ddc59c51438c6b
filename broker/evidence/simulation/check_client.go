package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// checkWait checks P10 on the client's side: a call ends soon after its wait is over. If the connection is dead by
// then, the client notices at the end of its lease. The broker counts the wait from when its loop has handled the
// request, so a slow loop adds to it.
func (w *World) checkWait(c *call) {
	if c.plan.Wait == 0 || c.plan.Try || c.plan.Steal {
		return
	}
	took := c.node.at().Mono - c.began
	slack := w.plan.longestTimeout()*11/10 + c.node.plan.React*11/10 + c.node.stood +
		(w.plan.slowTime()+w.plan.recordTime())*11/10
	if took > c.plan.Wait*11/10+slack {
		w.violate(promise.BoundedWait, "call %d may wait %v and has taken %v", c.plan.Number, c.plan.Wait, took)
	}
}

// slowTime returns how long the loop of the broker is slow in a run.
func (p *Plan) slowTime() (total time.Duration) {
	for i := range p.Faults {
		if p.Faults[i].Kind == SlowLoop {
			total += p.Faults[i].For
		}
	}
	return total
}

// recordTime returns for how long the record of sessions cannot be changed in a run, or only slowly. Requests that must
// be on record first wait for that, and their own wait begins then.
func (p *Plan) recordTime() (total time.Duration) {
	if !p.lasts() {
		return 0
	}
	for i := range p.Faults {
		switch f := &p.Faults[i]; f.Kind {
		case DiskFails, StoreDown, CutStore:
			total += f.For + reserveRetry
		case DiskSlow:
			total += f.For + f.By
		}
	}
	return total
}

// noteSent checks P13: a client sends its acquires in the order of the calls, on every connection.
func (n *node) noteSent(a *wire.Acquire) {
	for _, c := range n.requests {
		if c.state != waiting || n.program.Status(c.request).ID != a.ID {
			continue
		}
		if !c.id.IsZero() {
			n.w.counts.add(SawResubmit)
			if c.plan.Try || c.plan.Steal {
				n.w.violate(promise.Resubmission, "call %d does not wait, and is sent again",
					c.plan.Number)
			}
		}
		c.id, c.asks = a.ID, a.Locks
		if c.order < n.lastSent {
			n.w.violate(promise.Resubmission, "call %d is sent after a later call", c.plan.Number)
		}
		n.lastSent = c.order
		return
	}
	n.w.violate(promise.CleanGiveUp, "c%d sends %v, and no call waits for it", n.plan.Number, a.ID)
}

// checkResubmitted checks P13 after a hello: every call that waits was sent again.
func (n *node) checkResubmitted(session string) {
	for _, c := range n.requests {
		if c.state != waiting || c.life != n.life {
			continue
		}
		if s := n.program.Status(c.request); s.State == simclient.Waiting && s.ID.Session != session {
			n.w.violate(promise.Resubmission, "call %d waits, and is not sent to session %s",
				c.plan.Number, session)
		}
	}
}

// checkTold checks P12 when a client has read that a request has lost its locks: the context of its holder has ended.
func (n *node) checkTold(id wire.ID) {
	for _, c := range n.requests {
		if c.state == inside && c.id == id && !c.stopped {
			n.w.violate(promise.LossTold, "call %d goes on, and its client has read that %v is lost",
				c.plan.Number, id)
		}
	}
}

// staleCall returns a call whose lease has ended, and whose context has not. That happens to processes that stood
// still. Their clients must notice at the next step. A hold that is over is another matter: only a timer ends it.
func (n *node) staleCall(at simclient.Instant) *call {
	if n.stood == 0 && !n.unpunctual {
		return nil
	}
	for _, c := range n.w.inside {
		if c.node != n || c.stopped || c.covered || c.plan.Hold > 0 {
			continue
		}
		if !n.program.PeekValid(at, c.request) {
			return c
		}
	}
	return nil
}

// checkBorrowers checks P12 when the context of a call has ended: so have those of the calls that borrow its lock. A
// call that borrows its own locks lends none.
func (c *call) checkBorrowers() {
	if c.covered {
		return
	}
	for _, nested := range c.nested {
		if nested.state == inside && nested.covered && nested.id == c.id && !nested.stopped {
			c.node.w.violate(promise.LossTold, "call %d goes on, and has borrowed from call %d, which ends",
				nested.plan.Number, c.plan.Number)
		}
	}
}

// isPunctual reports whether the timers of a client are on time, and its clocks agree.
func (n *node) isPunctual() bool { return !n.isOdd && !n.unpunctual }

// countEnd counts how a call has ended without its locks.
func (w *World) countEnd(c *call, end *simclient.End, gaveUp bool) {
	w.checkWait(c)
	switch {
	case gaveUp:
		w.counts.add(SawGaveUp)
	case end.How == simclient.OuterLost:
		w.counts.add(SawOuterLost)
	}
}

// countLoss counts how a call has lost its locks.
func (w *World) countLoss(c *call) {
	switch reason := c.node.program.Status(c.request).End.Reason; reason {
	case "lease":
		w.counts.add(SawLeaseLost)
		w.checkCalm(c, reason)
	case "connection":
		w.counts.add(SawConnLost)
		w.checkCalm(c, reason)
	case "expired":
		w.counts.add(SawExpired)
	case "evicted":
		w.counts.add(SawEvicted)
	case "stolen":
		w.counts.add(SawStolen)
	}
}

// restTime returns how long after the end of the faults everything must have come to rest, P17:
//
//   - a client notices a dead connection within the session timeout, and connects again within a dial and a pause;
//   - a broker that has crashed waits for a grace period, and keeps the locks of dead sessions, for the session timeout
//     each, on a clock that may be a tenth slower;
//   - then, at the worst, all functions run one after another.
func (w *World) restTime() time.Duration {
	const dial, pause, disk = 15 * time.Second, 5 * time.Second, 10 * time.Second
	rest := 4*w.plan.longestTimeout()*11/10 + 2*(dial+pause) + disk + writeStall
	if w.plan.lasts() {
		rest += 3 * (w.plan.Takeover + w.plan.longestTimeout()*4/3*11/10 + stopWait + receiptWait)
	}
	for i := range w.plan.Clients {
		rest += w.plan.Clients[i].React + w.plan.Clients[i].StopTime
	}
	for i := range w.plan.Calls {
		c := &w.plan.Calls[i]
		trips := 8 * 10 * w.plan.Delay
		rest += (c.Work+c.MinHold)*11/10 + trips
		if c.In > 0 || c.Under > 0 {
			rest += c.At
		}
	}
	return rest
}

// checkRest ends a run in which something has not come to rest.
func (w *World) checkRest() {
	for _, c := range w.calls {
		if c.state != over {
			w.violate(promise.Liveness, "call %d of c%d has not ended %v after the last fault",
				c.plan.Number, c.plan.Client, w.now-w.plan.Quiet)
		}
	}
	w.violate(promise.Liveness, "%d requests wait or hold after all calls have ended", w.live())
}

// checkEnd checks that a run has left nothing on the broker.
func (w *World) checkEnd() {
	for _, c := range w.calls {
		w.checkSilentLoss(c)
	}
	if !w.isAtRest() {
		w.checkRest()
		return
	}
	for _, b := range w.brokers {
		b.checkEmpty()
	}
}

// checkEmpty checks that nothing is left in the lock table.
func (b *broker) checkEmpty() {
	if !b.up || b.machine == nil || b.order.mayBeStolen(true) {
		return
	}
	if t := b.machine.Table(); t.Held() > 0 || t.InUse() > 0 {
		b.w.violate(promise.Memory, "the lock table is not empty: %d requests hold, %d are in use",
			t.Held(), t.InUse())
	}
}

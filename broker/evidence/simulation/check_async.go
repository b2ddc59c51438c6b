package simulation

import (
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// An asyncState says what has become of the release of a call that has gone on without waiting for it.
type asyncState uint8

const (
	notAsync asyncState = iota
	unconfirmed
	confirmed
	lateLost
)

// checkGoesOn checks that the caller of an async release goes on at once: the client says how the request has ended,
// and sends the release before anything else. The output of the release has not been carried out.
func (w *World) checkGoesOn(c *call) {
	if !c.plan.Async || c.covered {
		return
	}
	n := c.node
	status := n.program.Status(c.request)
	if status.State != simclient.Ended {
		w.violate(promise.Liveness, "call %d has an async release, and is %v", c.plan.Number, status.State)
		return
	}
	if status.End.How != simclient.Released {
		return // it was lost before, and its caller is told
	}
	c.async = unconfirmed
	if c.plan.MinHold > 0 || n.finishes || n.w.plan.lasts() && n.program.Link() == 0 {
		return // the release may be sent later
	}
	for _, m := range n.program.Output().Send {
		if release, is := m.(*wire.Release); is && release.ID == c.id && release.Quiet {
			return
		}
	}
	w.violate(promise.Liveness, "call %d is released, and its client does not send a quiet release", c.plan.Number)
}

// noteAsync notes what a client has learned about async releases. It checks P12: what counts as released was released
// on the broker. The goodbye of a client that closes follows the release.
func (n *node) noteAsync(out *simclient.Output) {
	for _, number := range out.Confirmed {
		c := n.call(number)
		n.settleAsync(c, confirmed)
		n.w.counts.add(SawConfirmed)
		if r := n.w.request(c.id); !n.program.Closed() && !n.w.plan.lasts() && (r == nil || !r.freed) {
			n.w.violate(promise.LossTold, "call %d counts as released, and the broker has not released %v",
				c.plan.Number, c.id)
		}
	}
	for _, number := range out.LateLost {
		n.settleAsync(n.call(number), lateLost)
		n.w.counts.add(SawLateLoss)
	}
}

// settleAsync notes the end of an async release, which comes once.
func (n *node) settleAsync(c *call, state asyncState) {
	if c.async != unconfirmed {
		n.w.violate(promise.LossTold, "the release of call %d is confirmed or lost, and was not awaited",
			c.plan.Number)
	}
	c.async = state
}

// checkLateLoss checks P12 when a client has read that a request is lost: if its caller has gone on, it is told.
func (n *node) checkLateLoss(id wire.ID) {
	for _, c := range n.requests {
		if c.id == id && !c.covered && c.async == unconfirmed {
			n.w.violate(promise.LossTold, "%v is lost, and nobody is told that call %d has lost it",
				id, c.plan.Number)
		}
	}
}

// checkSilentLoss checks P12 for an async release at the end of a run: if the broker has never handled it, and its
// client has left the connection, the client has reported a late loss.
func (w *World) checkSilentLoss(c *call) {
	n := c.node
	if w.plan.lasts() {
		return // an owner that has crashed cannot say
	}
	isUntold := c.async == unconfirmed || c.async == confirmed
	if !isUntold || c.life != n.life || !n.up || n.program.Closed() {
		return
	}
	if r := w.request(c.id); !r.freed && r.session.conn.link != n.program.Link() {
		w.violate(promise.LossTold, "call %d has lost %v after its async release, and nobody is told",
			c.plan.Number, r.id)
	}
}

package wsclient

import (
	"cmp"
	"time"

	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// The core decides, and the client does what it says. Nothing happens in between: the caller of the core holds mu,
// and unlock does what the core says before it unlocks mu.

// unlock does what the core says, and unlocks mu.
func (c *Client) unlock() {
	c.carryOut()
	c.mu.Unlock()
}

// tick is called when something may be due.
func (c *Client) tick() {
	c.mu.Lock()
	defer c.unlock()
	c.armed = 0
	c.core.Tick(c.clock.now())
	c.carryOut()
	c.arm()
}

// carryOut does what the core says. The caller holds mu.
func (c *Client) carryOut() {
	out := c.core.Output()
	c.tracer.resumed(out.Answer)
	c.endContexts(out.Stop)
	for _, r := range out.Wake {
		c.noteLateLoss(r)
		r.Owner.(*Lock).wake()
	}
	for i := range out.Send {
		cmp.Or(c.conn, c.resumes).sendMessage(&out.Send[i])
	}
	for _, m := range out.Resume {
		c.resumes.queued().add(m) // no ping may come in between
		c.resumes.signal()
	}
	if c.tracer != nil {
		traceOutput(out)
	}
	if out.Disconnect.End != nil {
		c.endConnection(&out.Disconnect)
	}
	for _, owner := range out.Close {
		conn := owner.(*conn)
		conn.isSilent = false
		conn.closeLink()
	}
	if c.confirmed != nil && !c.core.AwaitsConfirmation() {
		close(c.confirmed)
		c.confirmed = nil
	}
	changed := out.Changed
	out.Reset()
	if changed {
		c.noteChanges()
	}
}

// noteLateLoss reports if r has ended now, and was lost before the broker handled its release. The caller of an async
// release has gone on.
func (c *Client) noteLateLoss(r *core.Request) {
	if end := r.End(); r.Async && end != nil && r.Cause().How == core.Released {
		if err := c.errorOf(end); err != nil {
			c.lateLosses++
			c.tracer.lateLoss(err)
		}
	}
}

// noteChanges acts on changes in the state of the core. The caller holds mu.
func (c *Client) noteChanges() {
	if c.conn != nil {
		c.conn.noteState(c.core.State(), c.core.Pause())
	}
	if c.drained != nil && c.core.IsDrained() && !isDone(c.drained) {
		close(c.drained)
	}
	if c.core.Closed() != nil && !isDone(c.done) {
		c.end()
		close(c.done)
	}
	c.arm()
}

// traceOutput reports what out says about requests, except the end of their locks, which endContexts reports.
func traceOutput(out *core.Output) {
	for i := range out.Send {
		if m := &out.Send[i]; m.Kind == core.Acquire {
			m.Request.Owner.(*Lock).traced.queued(m.ID)
		}
	}
	for _, r := range out.Wake {
		l := r.Owner.(*Lock)
		if end := r.End(); end != nil && end.How == core.Lost && r.Cause().How == core.Released {
			l.traced.lostLater(&l.request, l.client.errorOf(end))
		}
	}
}

// endContexts ends the contexts of locks that are no longer held.
func (c *Client) endContexts(requests []*core.Request) {
	for _, r := range requests {
		l := r.Owner.(*Lock)
		l.cause = c.causeOf(r.Cause())
		if l.stop != nil {
			l.stop(l.cause)
		}
		if lost, ok := l.cause.(*LostError); ok { //nolint:errorlint // it is not wrapped
			l.traced.lost(r, lost, r.Cause().Late)
		} else {
			l.traced.released(r)
		}
	}
}

// endConnection ends a connection.
func (c *Client) endConnection(d *core.Disconnect) {
	conn := d.Owner.(*conn)
	conn.err = c.errorOf(d.End)
	if c.conn == conn {
		c.conn = nil
		c.online = make(chan struct{})
	}
	if c.resumes == conn {
		c.resumes = nil
	}
	close(conn.done)
	if conn.stopRenewal != nil {
		conn.stopRenewal()
	}
	conn.signal()
	switch d.Then {
	case core.CloseNow:
		conn.closeLink()
	case core.FallSilent:
		conn.fallSilent()
	}
}

// arm sets the timer for the deadline of the core, unless it will fire earlier anyway.
func (c *Client) arm() {
	due, ok := c.core.Deadline()
	switch {
	case !ok && c.armed != 0:
		c.timer.Stop()
		c.armed = 0
	case ok && (c.armed == 0 || due < c.armed):
		c.armed = due
		left := due - time.Since(c.clock.begin)
		if c.timer == nil {
			c.timer = time.AfterFunc(left, c.tick)
		} else {
			c.timer.Reset(left)
		}
	}
}

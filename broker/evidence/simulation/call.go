package simulation

import (
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// A call is a function of a program that acquires locks, works, and releases them. As in a real program, a function
// returns after everything that it has called has returned.
type call struct {
	plan    *Call
	index   int32
	node    *node
	life    int32 // of the process in which it was made
	outer   *call
	nested  []*call // those that it makes
	under   []*call // those that name it as their parent
	locks   []int
	state   callState
	request simclient.Request
	order   int64         // among the calls of all programs, when it was made
	began   time.Duration // when it was made, on its client's clock
	id      wire.ID       // of the request that holds, or waits
	token   int64
	asks    []wire.LockSpec // what its client has asked the broker for
	covered bool
	stopped bool          // its context has ended
	stopBy  time.Duration // on its client's clock: until then its function may go on; 0: it must stop at once
	leaves  bool          // its function returns when nothing inside it runs
	open    int           // how many of nested are waiting or inside
	stale   bool          // another request was granted one of its locks while its process stood still
	settles bool          // its caller runs soon
	excused bool          // an overlap is excused, and evExcuse is planned
	async   asyncState    // of its release, if it has gone on without waiting
}

type callState uint8

const (
	unmade  callState = iota
	waiting           // it has asked, and has no answer
	inside            // its function runs
	over
)

func (w *World) makeCalls() {
	byNumber := make(map[int]*call, len(w.plan.Calls))
	nodes := make(map[int]*node, len(w.nodes))
	for _, n := range w.nodes {
		nodes[n.plan.Number] = n
	}
	for len(w.calls) < len(w.plan.Calls) {
		w.calls = append(w.calls, &call{})
	}
	w.calls = w.calls[:len(w.plan.Calls)]
	for i, c := range w.calls {
		plan := &w.plan.Calls[i]
		*c = call{
			plan: plan, index: int32(i), node: nodes[plan.Client], outer: byNumber[plan.In],
			nested: c.nested[:0], under: c.under[:0], locks: c.locks[:0],
		}
		for _, l := range plan.Locks {
			c.locks = append(c.locks, w.lockIndex[l.Name])
		}
		if c.outer != nil {
			c.outer.nested = append(c.outer.nested, c)
		}
		if parent := byNumber[plan.Under]; parent != nil {
			parent.under = append(parent.under, c)
		}
		byNumber[plan.Number] = c
	}
}

// happen lets an event of the call happen.
func (c *call) happen(e *event) {
	if e.kind != evCall && c.life != c.node.life {
		return // the process has died
	}
	switch e.kind {
	case evCall:
		c.begin()
	case evSettle:
		c.settles = false
		c.settle(false)
	case evGiveUp:
		c.settle(true)
	case evWrite:
		if c.state == inside && !c.stopped {
			c.node.w.write(c)
		}
	case evLeave:
		c.leave()
	}
}

// plan plans an event of the call.
func (c *call) later(kind eventKind, after time.Duration) {
	w := c.node.w
	w.events.add(event{at: w.now + after, kind: kind, who: c.node.index, what: c.index})
}

// begin makes the call.
func (c *call) begin() {
	n, w := c.node, c.node.w
	parent := c.parent()
	if c.state != unmade {
		return
	}
	if !n.up || c.outer != nil && (c.outer.state != inside || c.outer.life != n.life) ||
		c.plan.Under > 0 && parent.IsZero() {
		c.end()
		return
	}
	c.life, c.state = n.life, waiting
	w.called++
	c.order = w.called
	c.began = n.at().Mono
	if c.outer != nil {
		c.outer.open++
	}
	options := simclient.Options{
		Locks: c.plan.Locks, Wait: c.plan.Wait, Hold: c.plan.Hold, MinHold: c.plan.MinHold,
		Once: c.plan.Try, Steal: c.plan.Steal, Parent: parent, Async: c.plan.Async,
	}
	if c.outer != nil {
		options.Outer = c.outer.request
	}
	c.request = simclient.Request(len(n.requests) + 1)
	n.requests = append(n.requests, c)
	if w.traces() {
		w.tracef("c%d call %d asks for %s", n.plan.Number, c.plan.Number, lockText(c.plan.Locks))
	}
	if got := n.program.Acquire(n.at(), options); got != c.request {
		panic("simulation: the client numbers its requests in another way")
	}
	w.checkBorrowed(c)
	n.carryOut()
	if c.plan.GiveUp > 0 {
		c.later(evGiveUp, c.plan.GiveUp)
	}
	c.settle(false)
}

// parent returns the request of another program that the call names as its parent, or none.
func (c *call) parent() wire.ID {
	for _, other := range c.node.w.calls {
		if other.plan.Number == c.plan.Under && other.state == inside && !other.covered {
			return other.id
		}
	}
	return wire.ID{}
}

// wake lets the caller run soon.
func (c *call) wake() {
	if c.state == waiting && !c.settles {
		c.settles = true
		c.later(evSettle, upTo(c.node.plan.React, c.node.w.random(forWake, uint64(c.plan.Number))))
	}
}

// settle lets the waiting caller look at its request.
func (c *call) settle(givesUp bool) {
	if c.state != waiting {
		return
	}
	n, w := c.node, c.node.w
	status := n.program.Settle(n.at(), c.request, givesUp)
	n.carryOut()
	if c.state != waiting {
		return // something stopped it while the client settled
	}
	switch status.State {
	case simclient.Holding:
		c.enter(&status)
	case simclient.Ended:
		w.countEnd(c, &status.End, givesUp)
		if w.traces() {
			w.tracef("c%d call %d ends: %v", n.plan.Number, c.plan.Number, status.End)
		}
		c.end()
	default:
		if givesUp {
			w.violate(promise.CleanGiveUp, "call %d gave up and is %v", c.plan.Number, status.State)
		}
	}
}

// enter begins the function of the call: it holds its locks.
func (c *call) enter(status *simclient.Status) {
	w := c.node.w
	c.state, c.id, c.token, c.covered = inside, status.ID, status.Token, status.Covered
	if w.traces() {
		w.tracef("c%d call %d holds %s as %v with token %d", c.node.plan.Number, c.plan.Number,
			lockText(c.plan.Locks), c.id, c.token)
	}
	w.checkWait(c)
	w.checkClaim(c)
	w.inside = append(w.inside, c)
	for _, nested := range c.nested {
		w.planCall(nested)
	}
	for _, nested := range c.under {
		w.planCall(nested)
	}
	if !c.covered {
		c.later(evWrite, 0)
		c.later(evWrite, c.plan.Work/2)
		c.later(evWrite, c.plan.Work)
	}
	c.later(evLeave, c.plan.Work)
}

// planCall plans a call that is made some time after another one holds.
func (w *World) planCall(c *call) {
	w.events.add(event{at: w.now + c.plan.At, kind: evCall, who: c.node.index, what: c.index})
}

// stop ends the context of the call: its locks no longer count as held.
func (c *call) stop() {
	if c.stopped || c.state == over {
		return
	}
	w := c.node.w
	c.stopped = true
	if w.traces() {
		w.tracef("c%d call %d no longer holds", c.node.plan.Number, c.plan.Number)
	}
	if c.state != inside {
		return
	}
	takes := time.Duration(0)
	if c.node.program.Status(c.request).End.Reason == "lease" && c.node.isPunctual() && c.node.stood == 0 {
		takes = w.stopTime(c)
		c.stopBy = c.node.at().Mono + takes
	}
	w.countLoss(c)
	c.later(evLeave, upTo(takes, w.random(forReaction, uint64(c.plan.Number))))
	for _, nested := range c.nested {
		if nested.state == waiting {
			nested.later(evGiveUp, 0)
		}
	}
}

// leave lets the function return, once everything inside it has returned.
func (c *call) leave() {
	if c.state != inside {
		return
	}
	c.leaves = true
	if c.open > 0 {
		return
	}
	n, w := c.node, c.node.w
	if w.traces() {
		w.tracef("c%d call %d releases", n.plan.Number, c.plan.Number)
	}
	n.program.Release(n.at(), c.request)
	w.checkGoesOn(c)
	n.carryOut()
	w.counts.add(SawRelease)
	c.end()
}

// end ends the call, and with it those that it would have made.
func (c *call) end() {
	if c.state == over {
		return
	}
	w := c.node.w
	if c.state == inside {
		at := slices.Index(w.inside, c)
		w.inside = slices.Delete(w.inside, at, at+1)
	}
	made := c.state != unmade
	c.state = over
	w.open--
	for _, nested := range c.nested {
		if nested.state == unmade {
			nested.end()
		}
	}
	for _, nested := range c.under {
		if nested.state == unmade {
			nested.end()
		}
	}
	if c.outer != nil && made && c.outer.life == c.life {
		c.outer.open--
		if c.outer.leaves && c.outer.open == 0 {
			c.outer.later(evLeave, 0)
		}
	}
}

// die ends the call because its process has died.
func (c *call) die() {
	if c.state == waiting || c.state == inside {
		c.stopped = true
		c.end()
	}
}

package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// A Program is a client as the world drives it: *simclient.Client, or another one with the same methods. Its package
// documents the methods.
type Program interface {
	Reset(config simclient.Config, dice func() float64)
	Output() *simclient.Output
	Deadline() (mono time.Duration, ok bool)

	Start(at simclient.Instant)
	Tick(at simclient.Instant)
	Connected(l simclient.Link, made, at simclient.Instant, hello *wire.Hello)
	DialFailed(l simclient.Link, at simclient.Instant, status int)
	Receive(l simclient.Link, at simclient.Instant, reply wire.Reply)
	Pinged(l simclient.Link, at simclient.Instant)
	Ended(l simclient.Link, at simclient.Instant, code int)
	WriteFailed(l simclient.Link, at simclient.Instant)

	Acquire(at simclient.Instant, o simclient.Options) simclient.Request
	Settle(at simclient.Instant, r simclient.Request, givesUp bool) simclient.Status
	Release(at simclient.Instant, r simclient.Request)
	PeekValid(at simclient.Instant, r simclient.Request) bool
	Drain(at simclient.Instant)
	Close(at simclient.Instant)
	Status(r simclient.Request) simclient.Status
	Link() simclient.Link
	Resumes() simclient.Link
	Closed() bool
}

// A node is a client, its process and its machine.
type node struct {
	w     *World
	plan  *Client
	index int32
	clock clock

	program  Program
	life     int32 // how often the process was started
	up       bool  // the process runs, or stands still
	frozen   bool  // it stands still
	hostDown bool  // its machine has no power
	deferred []event
	timerGen int32
	armed    time.Duration // when the timer fires; 0: never
	dials    uint64

	links     []*conn          // by the number of the link, from 1
	requests  []*call          // by the number of the request, from 1
	cut       [2]time.Duration // until when nothing gets through, for each direction
	lag       [2]lag           // for each direction
	lateUntil time.Duration
	lateBy    time.Duration
	slowUntil time.Duration

	lastSent   int64         // the order of the latest call that was sent on this connection
	stood      time.Duration // how long the process has stood still, or its timers were late
	setBack    time.Duration // until then a lease may have begun before the wall clock was set back
	isOdd      bool          // its clocks do not keep to the conditions of the promises
	unpunctual bool          // its timers were late, or its clocks disagreed
	woke       time.Duration // when it last went on after it had stood still
	prefers    int           // the index of the broker that it tries next
	tried      int           // how many it has tried in this round
	isCalm     bool          // no fault concerns it
	finishes   bool          // its program closes or drains its client
	closes     bool          // its program closes its client
}

// A lag makes messages in one direction take longer.
type lag struct{ until, by time.Duration }

func (w *World) makeNodes() {
	for len(w.nodes) < len(w.plan.Clients) {
		w.nodes = append(w.nodes, &node{})
	}
	w.nodes = w.nodes[:len(w.plan.Clients)]
	for i, n := range w.nodes {
		plan := &w.plan.Clients[i]
		*n = node{
			w: w, plan: plan, index: int32(i), program: n.program,
			clock: clock{rate: plan.Rate, tells: plan.Asleep},
			links: n.links[:0], requests: n.requests[:0], deferred: n.deferred[:0],
		}
		n.isOdd = !inStep(plan.Rate, w.plan.Rate)
		n.isCalm = !n.isOdd && w.plan.isCalm(plan.Number)
	}
}

// inStep reports whether two clocks run at rates within 10 % of each other.
func inStep(a, b int64) bool { return a*10 <= b*11 && b*10 <= a*11 }

func (n *node) at() simclient.Instant { return n.clock.at(n.w.now) }

// start starts the process.
func (n *node) start() {
	n.life++
	n.up, n.frozen = true, false
	n.links, n.requests, n.armed = n.links[:0], n.requests[:0], 0
	n.timerGen++
	config := simclient.Config{StopTime: n.plan.StopTime, Resume: n.plan.Resume}
	if n.program == nil || n.w.options.NewClient != nil {
		n.program = n.w.newProgram(n.plan.Number, config, n.dice)
	} else {
		n.program.Reset(config, n.dice)
	}
	n.program.Start(n.at())
	n.carryOut()
}

func (w *World) newProgram(number int, config simclient.Config, dice func() float64) Program {
	if w.options.NewClient != nil {
		return w.options.NewClient(number, config, dice)
	}
	return simclient.New(config, dice)
}

// dice returns a random number for the pause before a dial.
func (n *node) dice() float64 {
	n.dials++
	return fraction(n.w.random(forBackoff, uint64(n.plan.Number), n.dials))
}

// happen lets an event of the process happen, or keeps it until the process goes on.
func (n *node) happen(e *event) {
	switch {
	case e.kind == evTick && e.gen != n.timerGen, e.kind != evCall && !n.up:
	case n.frozen:
		n.deferred = append(n.deferred, *e)
	case e.kind == evTick:
		n.tick()
	default:
		n.w.calls[e.what].happen(e)
	}
}

func (n *node) tick() {
	if late := n.lateBy; late > 0 && n.w.now < n.lateUntil {
		n.lateBy = 0
		n.armed = n.w.now + late
		n.w.events.add(event{at: n.armed, kind: evTick, who: n.index, gen: n.timerGen})
		return
	}
	n.armed = 0
	n.program.Tick(n.at())
	n.carryOut()
}

// carryOut does what the program says after a step.
func (n *node) carryOut() {
	out := n.program.Output()
	for _, r := range out.Stopped {
		n.call(r).stop()
	}
	for _, r := range out.Stopped {
		n.call(r).checkBorrowers()
	}
	for _, r := range out.Woken {
		n.call(r).wake()
	}
	n.noteAsync(out)
	if len(out.Send) > 0 {
		n.sendAll(out.Send)
	}
	for _, act := range out.Links {
		n.act(act)
	}
	if out.Dial != 0 {
		n.dial(out.Dial)
	}
	n.arm()
}

func (n *node) call(r simclient.Request) *call { return n.requests[r-1] }

func (n *node) conn(l simclient.Link) *conn {
	if l < 1 || int(l) > len(n.links) {
		return nil
	}
	return n.links[l-1]
}

// sendAll sends messages on the current link.
func (n *node) sendAll(messages []wire.Request) {
	c := n.conn(n.program.Link())
	if c == nil {
		c = n.conn(n.program.Resumes())
	}
	for _, m := range messages {
		if a, is := m.(*wire.Acquire); is {
			n.noteSent(a)
		}
		if c != nil {
			n.w.send(c, up, message{kind: aRequest, request: m, heard: n.at()})
		}
	}
}

// act does to a link what the program says.
func (n *node) act(act simclient.LinkAct) {
	c := n.conn(act.Link)
	if c == nil {
		return
	}
	w := n.w
	if w.traces() {
		w.tracef("c%d link %d: %v", n.plan.Number, act.Link, act.Act)
	}
	switch act.Act {
	case simclient.Close:
		w.closeSocket(c, up)
	case simclient.Goodbye:
		w.send(c, up, message{kind: aClose, code: wire.CloseNormal, reason: wire.Goodbye})
	case simclient.AnswerClose:
		w.send(c, up, message{kind: aClose, code: c.code})
		w.closeSocket(c, up)
	case simclient.Pong:
		w.send(c, up, message{kind: aPong})
	case simclient.FallSilent:
		w.counts.add(SawSilence)
	}
}

// dial begins a connection.
func (n *node) dial(l simclient.Link) {
	if n.tried > 0 { // the last attempt has not been answered
		n.prefers++
	}
	n.tried = 1
	c := n.w.newConn(n, l)
	n.links = append(n.links, c)
	n.w.events.add(event{at: n.w.now + n.w.delay(c, up, 0), kind: evDial, who: c.number})
}

// target returns the broker that the client tries.
func (n *node) target() *broker { return n.w.brokers[n.prefers%len(n.w.brokers)] }

// refused handles an attempt that was refused. The client tries its other addresses at once.
func (n *node) refused(c *conn, status int) {
	if n.tried >= len(n.w.brokers) {
		n.tried = 0
		n.prefers++
		n.dialFailed(c, status)
		return
	}
	n.tried++
	n.prefers++
	next := n.w.newConn(n, c.link)
	n.links[c.link-1] = next
	n.w.events.add(event{at: n.w.now + n.w.delay(next, up, 0), kind: evDial, who: next.number})
}

// isStale reports whether the program has given up a connection that it dialled.
func (n *node) isStale(c *conn) bool { return int(c.link) != len(n.links) || n.program.Closed() }

func (n *node) dialFailed(c *conn, status int) {
	c.answered = true
	n.w.counts.add(SawDialFailed)
	n.program.DialFailed(c.link, n.at(), status)
	n.carryOut()
}

func (n *node) writeFailed(c *conn) {
	if n.up && !n.frozen && c.life == n.life {
		n.program.WriteFailed(c.link, n.at())
		n.carryOut()
	}
}

// receive gives a message to the program.
func (n *node) receive(c *conn, m *message) {
	at := n.at()
	switch m.kind {
	case aReply:
		c.heard = m.heard
		n.receiveReply(c, at, m.reply)
		return
	case aRefusal:
		n.w.dropSocket(c, up)
		n.refused(c, m.code)
		return
	case aPing:
		n.program.Pinged(c.link, at)
	case aClose:
		c.code = m.code
		n.program.Ended(c.link, at, m.code)
	default: // the kernel or the system has ended it
		if m.kind != aFIN {
			n.w.dropSocket(c, up)
		}
		if !c.answered {
			n.w.closeSocket(c, up)
			n.refused(c, 0)
			return
		}
		n.program.Ended(c.link, at, 0)
	}
	n.carryOut()
}

func (n *node) receiveReply(c *conn, at simclient.Instant, reply wire.Reply) {
	if n.w.traces() {
		n.w.tracef("c%d reads %s", n.plan.Number, describe(reply))
	}
	if hello, is := reply.(*wire.Hello); is {
		c.answered = true
		n.lastSent, n.tried = 0, 0
		n.program.Connected(c.link, c.made, at, hello)
		n.carryOut()
		if n.program.Link() == c.link {
			n.checkResubmitted(hello.Session)
		}
		return
	}
	var stale *call
	isCurrent := c.link == n.program.Link()
	if isCurrent { // a client does not handle what still arrives on an earlier connection
		stale = n.staleCall(at)
	}
	n.program.Receive(c.link, at, reply)
	n.carryOut()
	if stale != nil && !stale.stopped {
		n.w.violate(promise.Lease, "call %d goes on after its lease, because of %s",
			stale.plan.Number, describe(reply))
	}
	if resumed, is := reply.(*wire.Resumed); is {
		for _, number := range resumed.Lost {
			n.noteLost(number)
		}
	}
	if lost, is := reply.(*wire.Lost); is {
		n.checkTold(lost.ID)
		if isCurrent {
			n.checkLateLoss(lost.ID)
		}
		if r := n.w.request(lost.ID); r != nil {
			r.told = true
		}
		n.noteTold(lost.ID)
	}
}

// arm plans the timer for what is due next.
func (n *node) arm() {
	mono, ok := n.program.Deadline()
	if !ok {
		return
	}
	due := n.clock.when(mono, n.w.now)
	if n.armed > 0 && n.armed <= due {
		return
	}
	n.armed = max(due, 1)
	n.timerGen++
	n.w.events.add(event{at: n.armed, kind: evTick, who: n.index, gen: n.timerGen})
}

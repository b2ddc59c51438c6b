package simulation

import "time"

// faultClient begins a fault of one client. It reports whether there was something to affect.
func (w *World) faultClient(f *Fault) bool {
	n := w.nodeOf(f.Client)
	switch f.Kind {
	case Freeze, Suspend:
		return n.freeze(f)
	case Kill, Vanish:
		return n.die(f.Kind == Vanish)
	case SetWall:
		n.unpunctual = true
		n.setWall(f.By)
	case LateTimers:
		n.lateUntil, n.lateBy, n.unpunctual = w.now+f.For, f.By, true
		n.stood += f.By * 11 / 10
	case SlowReader:
		n.slowUntil = max(n.slowUntil, w.now+f.For)
	case CutUp:
		n.cut[up] = max(n.cut[up], w.now+f.For)
	case CutDown:
		n.cut[down] = max(n.cut[down], w.now+f.For)
	case CutBoth:
		n.cut[up], n.cut[down] = max(n.cut[up], w.now+f.For), max(n.cut[down], w.now+f.For)
	case Lag:
		n.lag[up], n.lag[down] = lag{w.now + f.For, f.By}, lag{w.now + f.For, f.By}
	case LagDown:
		n.lag[down] = lag{w.now + f.For, f.By}
	case CloseClient, DrainClient:
		return n.finish(f.Kind == DrainClient)
	default:
		return w.faultConn(n.current(), f)
	}
	return true
}

// faultConn ends the connection of a client in an unfriendly way.
func (w *World) faultConn(c *conn, f *Fault) bool {
	if c == nil || !c.sockets[up] || !c.sockets[down] {
		return false
	}
	switch f.Kind {
	case ResetClient:
		c.isReset = true
		w.launch(c, down, message{kind: aRST})
	case ResetBroker:
		c.isForged = true
		w.launch(c, up, message{kind: aRST})
	case CloseBroker:
		c.isForged = true
		w.launch(c, up, message{kind: aFIN})
	case ResetBoth:
		c.isForged = true // the broker may hear of it first
		w.launch(c, up, message{kind: aRST})
		w.launch(c, down, message{kind: aRST})
	case FailBroker:
		w.launch(c, up, message{kind: aTimeout})
	case FailClient:
		c.isReset = true
		w.launch(c, down, message{kind: aTimeout})
	}
	return true
}

// current returns the latest connection of a client, or nil.
func (n *node) current() *conn {
	if !n.up || len(n.links) == 0 {
		return nil
	}
	return n.links[len(n.links)-1]
}

func (w *World) nodeOf(number int) *node {
	for _, n := range w.nodes {
		if n.plan.Number == number {
			return n
		}
	}
	panic("simulation: no such client")
}

// freeze stops a process, or its whole machine.
func (n *node) freeze(f *Fault) bool {
	if !n.up || n.frozen {
		return false
	}
	n.frozen = true
	if f.Kind == Suspend {
		n.isOdd = n.isOdd || n.w.now < n.setBack && !n.clock.tells
		n.clock.suspend(n.w.now)
		n.setWall(f.By)
	}
	return true
}

// setWall sets the wall clock. While the machine is suspended, only the wall clock and the system can tell. The system
// may not tell. Then a wall clock that is set back during a lease, before the suspension or in it, hides it.
func (n *node) setWall(by time.Duration) {
	if by < 0 {
		n.setBack = n.w.now + n.w.plan.longestTimeout()*11/10
	}
	n.isOdd = n.isOdd || by < 0 && n.clock.stands && !n.clock.tells
	n.clock.set(n.w.now, by)
}

// thawSpan is how long it takes until everything that waited for a process has happened.
const thawSpan = 4

// isAwake reports whether everything has happened that waited while the process stood still.
func (n *node) isAwake() bool { return n.woke == 0 || n.w.now > n.woke+thawSpan+2 }

// thaw lets a process go on. What waited for it happens now, in an order that the dice choose. In half of the thaws the
// timers fire before the calls of the program go on, and in the others afterwards. Go promises neither order.
func (n *node) thaw(after time.Duration) {
	w := n.w
	if n.clock.stands {
		n.clock.resume(w.now)
		n.unpunctual = true
	}
	if !n.frozen {
		return
	}
	n.frozen, n.woke = false, w.now
	n.stood += after * 11 / 10
	w.tracef("c%d goes on", n.plan.Number)
	n.checkThaw()
	timersFirst := chance(50, w.random(forThaw, uint64(n.plan.Number), uint64(w.now)))
	for i, e := range n.deferred {
		random := w.random(forThaw, uint64(n.plan.Number), uint64(i), uint64(w.now))
		e.at = w.now + time.Duration(random%thawSpan)
		switch {
		case e.kind == evSettle && w.options.NewClient != nil:
			e.at = w.now + thawSpan + 1 // a function in JavaScript began before the freeze
		case e.kind != evTick && timersFirst:
			e.at++
		case e.kind == evTick && timersFirst:
			e.at = w.now
		case e.kind == evTick:
			e.at = w.now + thawSpan
		}
		w.events.add(e)
	}
	n.deferred = n.deferred[:0]
	for _, c := range n.links {
		w.goOn(c, down)
	}
}

// die ends a process. Its kernel closes its connections, unless its machine has lost its power.
func (n *node) die(hostDown bool) bool {
	if !n.up {
		return false
	}
	w := n.w
	n.up, n.frozen, n.hostDown = false, false, hostDown
	if n.clock.stands {
		n.clock.resume(w.now)
	}
	for _, e := range n.deferred {
		if e.kind == evCall {
			w.calls[e.what].begin() // it is never made
		}
	}
	n.deferred = n.deferred[:0]
	n.timerGen++
	for _, c := range n.links {
		switch {
		case !c.sockets[up]:
		case hostDown:
			w.dropSocket(c, up)
		case chance(30, w.random(forKill, uint64(c.number))):
			w.launch(c, up, message{kind: aRST})
			w.dropSocket(c, up)
		default:
			w.closeSocket(c, up)
		}
	}
	for _, c := range n.requests {
		c.die()
	}
	return true
}

// finish closes or drains the client of a program.
func (n *node) finish(drain bool) bool {
	if !n.up || n.frozen || n.program.Closed() {
		return false
	}
	n.finishes, n.closes = true, !drain
	if drain {
		n.program.Drain(n.at())
	} else {
		n.program.Close(n.at())
	}
	n.carryOut()
	return true
}

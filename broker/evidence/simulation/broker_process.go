package simulation

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// serve lets the loop begin.
func (b *broker) serve() {
	if !b.serves && !b.stopping {
		b.serves = true
		b.round()
	}
}

// drain begins an orderly stop.
func (b *broker) drain() {
	m, now := b.machine, b.now()
	if m.IsDraining() || !b.serves {
		return
	}
	b.w.tracef("broker drains")
	b.order.drains = true
	b.drainEnds = now + b.w.plan.Drain
	b.add(event{at: b.when(b.drainEnds + dueSlack), kind: evDue, gen: b.run})
	events := m.BeginDrain(now, b.events[:0])
	for _, s := range b.sessions {
		if b.machine.Outlives(s.name) {
			continue
		}
		s.reply(&wire.Draining{GraceMS: m.DrainLeft(now).Milliseconds()})
	}
	b.tell(events)
	b.round()
}

// endRun ends a run that is drained.
func (b *broker) endRun() {
	switch p := b.w.plan; {
	case p.isCluster():
		b.leave()
	case p.Lasting:
		b.leaveLasting()
	default:
		b.stop()
	}
}

// stop ends the run in order: it closes every connection, and records the end.
func (b *broker) stop() {
	w, now := b.w, b.now()
	held := b.machine.Table().Held()
	b.order.checkStop(now, held)
	stale := b.machine.StaleAtEnd(now)
	w.tracef("broker stops; %d requests hold", held)
	for _, c := range w.conns {
		if s := c.session; s != nil && !s.ended {
			w.send(c, down, message{kind: aClose, code: wire.CloseRestart})
		}
		w.closeSocket(c, down)
	}
	if stale == 0 {
		w.counts.add(SawCleanEnd)
	} else {
		w.counts.add(SawUncleanEnd)
	}
	b.order.endRun(b.order.isClean)
	b.up, b.serves = false, false
	if !w.plan.StateDir {
		b.exit()
		return
	}
	state := w.disk.state
	if b.limit > 0 && w.disk.writing {
		w.disk.put() // the run waits for the reservation under way
		state = w.disk.state
	}
	b.limit = 0
	w.disk.begin(state.Stopped(stale), true)
}

// exit ends the process, which starts again when the fault that stopped it ends.
func (b *broker) exit() {
	b.up = false
	if b.restartsAt > 0 {
		b.add(event{at: max(b.restartsAt, b.w.now), kind: evHeal, what: -1})
	}
}

// die ends the process without a stop. The kernel closes its connections if the machine goes on.
func (b *broker) die(hostDown bool) {
	w := b.w
	for _, c := range w.conns {
		switch {
		case c.broker != b:
		case hostDown:
			w.dropSocket(c, down)
		case chance(30, w.random(forKill, uint64(c.number))) && c.sockets[down]:
			w.launch(c, down, message{kind: aRST})
			w.dropSocket(c, down)
		default:
			w.closeSocket(c, down)
		}
	}
	if w.disk.writing {
		w.disk.interrupt()
	}
	b.order.endRun(false)
	b.up, b.serves, b.frozen, b.hostDown, b.limit = false, false, false, hostDown, 0
	b.deferred = b.deferred[:0]
	if w.plan.lasts() {
		b.files.interrupt(hostDown)
		b.endProcess()
	}
}

// goOn lets a process that stood still go on.
func (b *broker) goOn() {
	w := b.w
	b.frozen, b.busy = false, 0
	if b.clock.stands {
		b.clock.resume(w.now)
	}
	for i := range b.deferred {
		e := b.deferred[i]
		e.at = w.now + time.Duration(w.random(forThaw, uint64(i), uint64(w.now))%3)
		w.events.add(e)
	}
	b.deferred = b.deferred[:0]
	for _, s := range b.sessions {
		w.goOn(s.conn, up)
	}
	for _, c := range w.conns {
		if c.broker == b && c.session == nil && c.sockets[down] {
			w.goOn(c, up)
		}
	}
	b.add(event{at: w.now, kind: evLoop, gen: b.run})
}

package simulation

// accept opens a session, or refuses it.
func (b *broker) accept(c *conn) {
	if !b.awaitSuccession(c) {
		b.admit(c)
	}
}

func (b *broker) admit(c *conn) {
	w := b.w
	if !b.accepts() {
		w.send(c, down, message{kind: aRefusal, code: 503})
		w.closeSocket(c, down)
		return
	}
	w.named++
	s := &session{
		b: b, conn: c, name: sessionName(w.named), index: int32(len(b.sessions)), lastHeard: b.now(),
		heard:   c.made,
		timeout: b.timeout, heartbeat: w.plan.heartbeatOf(b.timeout),
	}
	s.lasting = b.newLastingConnection(s.name, c.node)
	c.session = s
	b.sessions = append(b.sessions, s)
	b.add(event{at: b.when(s.lastHeard + s.timeout), kind: evSilence, what: s.index, gen: b.run})
	b.add(event{at: b.when(s.lastHeard + s.heartbeat), kind: evPulse, what: s.index, gen: b.run})
	s.post(item{opens: true})
}

// accepts reports whether the broker accepts a connection.
func (b *broker) accepts() bool {
	switch {
	case !b.w.plan.isCluster():
		return !b.machine.IsDraining()
	case b.machine == nil || b.stopping || b.machine.IsDraining():
		return false
	}
	return b.mayAnswer()
}

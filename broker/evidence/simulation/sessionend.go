package simulation

import "time"

// This file follows broker/disconnect.go: what happens when a connection ends.

// end ends a session, or learns more about the end of one.
func (s *session) end(how ending) {
	b := s.b
	w := b.w
	frees := how.by.FreesLocks(w.plan.LockDelay) || w.options.Break == FreesAtOnce
	if s.ended && b.keepsRecord() {
		b.endKept(s, how, frees)
		s.endLinger()
		return
	}
	if s.ended {
		if frees && !s.freed {
			s.freed = true
			w.counts.add(SawUnkept)
			b.machine.EndKept(s.name)
			b.order.endSession(s, 0)
		}
		s.endLinger()
		return
	}
	s.ended, s.freed = true, frees
	if !s.closing { // the loop has cut it off, and its reader must end soon
		s.deafAt = b.now() + closeWait
	}
	delete(b.names, s.name)
	if w.traces() {
		w.tracef("broker ends session %s of c%d; frees its locks: %v", s.name, s.conn.node.plan.Number, frees)
	}
	if b.keepsRecord() {
		b.endLasting(s, how, frees)
		return
	}
	if how.code != 0 {
		w.send(s.conn, down, message{kind: aClose, code: how.code})
		s.asked = how.code
	}
	kept := s.lastHeard + s.timeout
	if frees {
		kept = 0
	}
	b.machine.End(s.name, frees, s.lastHeard)
	s.countEnd(frees, kept, how)
	b.order.endSession(s, kept)
	s.listen(frees)
}

// endLasting ends a connection whose session may go on without it.
func (b *broker) endLasting(s *session, how ending, frees bool) {
	if how.code != 0 && b.mayAnswer() {
		b.w.send(s.conn, down, message{kind: aClose, code: how.code})
		s.asked = how.code
	}
	s.out = nil
	b.giveUpResume(s)
	s.kept = s.lastHeard + s.timeout
	if b.lasts(s, how) {
		b.detach(s)
	} else {
		if frees {
			s.kept = 0
		}
		b.machine.End(s.name, frees, s.lastHeard)
		if b.machine.IsAbsent(s.name) {
			b.noteAbsence(s)
		}
	}
	s.listen(frees)
}

// listen closes the connection, or listens for the end of the client while its locks are kept.
func (s *session) listen(frees bool) {
	b := s.b
	w := b.w
	if s.tcp != nil || frees || !s.conn.sockets[down] {
		w.closeSocket(s.conn, down)
		return
	}
	until := b.now() + closeWait
	if !w.plan.LockDelay {
		until = max(until, s.lastHeard+s.timeout)
	}
	w.launch(s.conn, down, message{kind: aFIN}) // half of it is closed
	s.lingers, s.closing = true, true
	b.add(event{at: b.when(until), kind: evHurry, what: s.index, gen: b.run})
}

// endLinger closes the connection of a session that has ended.
func (s *session) endLinger() {
	if s.lingers {
		s.lingers = false
		s.b.w.dropSocket(s.conn, down)
	}
}

// countEnd counts how a session has ended.
func (s *session) countEnd(frees bool, kept time.Duration, how ending) {
	w := s.b.w
	switch {
	case frees:
		w.counts.add(SawFreed)
	case kept > s.b.now():
		w.counts.add(SawKept)
		if how.by.FreesLocks(false) {
			w.counts.add(SawLockDelay)
		}
	}
}

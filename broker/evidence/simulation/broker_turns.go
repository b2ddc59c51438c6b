package simulation

import "slices"

// takeTurns handles the items of sessions. A slow loop handles one of them, of a session that the dice choose.
func (b *broker) takeTurns() {
	slow := b.w.now < b.slowUntil
	if slow && b.turning {
		return
	}
	for len(b.turns) > 0 {
		b.turn++
		at := 0
		if slow {
			at = int(b.w.random(forTurn, b.turn) % uint64(len(b.turns)))
		}
		s := b.turns[at]
		if !s.wantsTurn() || b.awaitsRecord(s) { // something has changed since it was queued
			b.rest(at)
			continue
		}
		b.takeTurn(s, at)
		if slow {
			b.turnAgain()
			return
		}
	}
}

// takeTurn handles the next item of a session, or goes on with taking up another one.
func (b *broker) takeTurn(s *session, at int) {
	if s.isTakingUp() {
		b.continueResume(s)
		if at = slices.Index(b.turns, s); !s.wantsTurn() && at >= 0 {
			b.rest(at)
		}
		return
	}
	it := s.todo[0]
	s.todo = s.todo[:copy(s.todo, s.todo[1:])]
	if len(s.todo) == 0 {
		b.rest(at)
	}
	s.handle(&it)
	b.queue(s)
}

// rest takes a session out of those that wait for a turn.
func (b *broker) rest(at int) {
	b.turns[at].queued = false
	b.turns = append(b.turns[:at], b.turns[at+1:]...)
}

// queue makes a session wait for its turn, unless it wants none or must first wait for the record.
func (b *broker) queue(s *session) {
	if !s.queued && s.wantsTurn() && !b.awaitsRecord(s) {
		s.queued = true
		b.turns = append(b.turns, s)
	}
}

// writeFailed ends a session on which a write made no progress.
func (b *broker) writeFailed(c *conn) {
	s := c.session
	if s == nil || !b.reads() || c.run != b.run {
		return
	}
	b.w.closeSocket(c, down)
	s.readEnds(ending{})
}

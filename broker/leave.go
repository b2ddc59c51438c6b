package broker

import "time"

// How a session ends for the loop.

// end lets go of a session: nothing more is said to it, and its requests are
// ended slice by slice.
func (l *loop) end(s *session, how ending) {
	if s.leaves {
		l.endKept(s, how)
		return
	}
	s.leaves = true
	s.out.finish(how)
	if how.code != 0 {
		s.net.Hurry()
	}
	delete(l.sessions, s.name)
	l.watching.forget(s)
	s.listing = nil
	l.pageSent(s)
	l.part(s)
	l.table.Leave(s.name, l.keptUntil(s, how))
	l.dropping = append(l.dropping, s.name)
}

// keptUntil returns the earliest time at which s's locks may be granted to others: at once,
// or when the client must know that the broker has not heard it for too long.
func (l *loop) keptUntil(s *session, how ending) time.Duration {
	if how.by.FreesLocks(l.config.LockDelay) {
		return 0
	}
	return s.net.LastHeard().Add(l.config.Timeout).Sub(l.start)
}

// endKept ends what is kept of a session that has left, when its client, or the kernel of its
// client, has said meanwhile that it has ended.
func (l *loop) endKept(s *session, how ending) {
	if how.by.FreesLocks(l.config.LockDelay) {
		l.table.Unkeep(s.name)
		l.dropping = append(l.dropping, s.name)
	}
}

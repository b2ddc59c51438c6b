package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// Besides its turn, a session may have to wait for:
//
//   - the log, after it has acted on other clients' requests (auditlog.go)
//   - its own steal (steal.go)
//   - a search for a deadlock, its own or another's (deadlocksearch.go)
//   - pages that are on their way (pagelimit.go)
//
// Whatever ends such a wait calls loop.queue.

// mustWait reports whether s must wait for one of these before its next turn.
func (l *loop) mustWait(s *session) bool {
	switch {
	case s.listing != nil || s.sweep != nil:
		return false
	case l.awaitsRecord(s):
		return true
	case s.isTakingUp():
		return false
	case s.auditing && !l.endsSteal(s) || s.searching:
		return true
	}
	if l.searching != nil && l.disturbs(&s.todo.first.item) {
		l.heldBack = append(l.heldBack, s)
		return true
	}
	if s.closing || s.ended || !asksForPage(s.todo.first.what) {
		return false
	}
	if !s.paging && l.pages.room(s.share) <= 0 {
		l.awaitPage(s)
		return true
	}
	return s.paging
}

// endsSteal reports whether the next item of s may end its own unfinished steal. Such an item must
// not wait until the steal is complete.
func (l *loop) endsSteal(s *session) bool {
	if !s.stealing || s.closing {
		return s.stealing
	}
	m, cancels := s.todo.first.what.(*wire.Cancel)
	if !cancels {
		return false
	}
	_, is := l.stealing[m.ID]
	return is
}

// beginAudit makes s wait until the log has recorded what s did. endAudit ends the wait.
func (s *session) beginAudit() { s.auditing = true }

func (l *loop) endAudit(s *session) {
	s.auditing = false
	l.queue(s)
}

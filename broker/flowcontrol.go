package broker

import "github.com/lockbroker/lockbroker/broker/wire"

// What a session may have to wait for, beside its turn:
//
//   - the log, after it has done something to the requests of others (audit.go)
//   - a steal of its own (steal.go)
//   - a search for a deadlock (deadlocksearch.go)
//   - a page that is on its way (pagelimit.go)
//
// Whatever ends such a wait calls loop.queue.

// mustWait reports whether s must wait for something else before its turn.
func (l *loop) mustWait(s *session) bool {
	switch {
	case s.listing != nil:
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

// endsSteal reports whether what s wants next may end a steal of it that is under way. That must
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

// beginAudit makes s wait until the log has a line on what it did. endAudit ends that.
func (s *session) beginAudit() { s.auditing = true }

func (l *loop) endAudit(s *session) {
	s.auditing = false
	l.queue(s)
}

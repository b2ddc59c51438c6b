package broker

import (
	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A sweep ends the requests of a session that wait and may no longer be made, because the rights of
// the session have changed. It may take several turns.
type sweep struct{ after int64 } // the number of the last request that it has looked at, or -1

const (
	// sweepSlice is how many sight steps a turn of a sweep takes, about half a millisecond.
	sweepSlice = 100_000
	// sweepLock is how many of them a lock takes, in addition to the check.
	sweepLock = 80
)

// setRights gives a session other rights. What the session has sent before, and the loop has not
// handled, is judged again: it may have waited long, and must not act under rights that are gone.
func (l *loop) setRights(s *session, now *rights) {
	before := s.rights
	if now != nil {
		s.todo.judge(now, func(m wire.Request, refusal *wire.Error, lacks wire.Verb) {
			l.auditJudged(s, m, refusal, lacks)
		})
	}
	if s.ended || before != nil && now != nil && before.party == now.party {
		s.rights = now
		return
	}
	mayHide := s.rights.mayHide() || now.mayHide()
	s.rights = now
	l.sight.forget()
	if s.watches != nil && mayHide {
		s.watches.lag()
	}
	if now != nil && !now.permissions.AllowsEverywhere(access.Acquire|access.Steal) {
		s.sweep = &sweep{after: -1}
		l.queue(s)
	}
}

// continueSweep works on a sweep for one turn.
func (l *loop) continueSweep(s *session) {
	cost := s.rights.permissions.Cost()
	budget := max(sweepSlice/(cost+sweepLock), 1)
	steps := 0
	may := func(lock string, mode wire.Mode, steal bool) (wire.Verb, bool) {
		steps += cost
		return s.rights.mayWait(lock, mode, steal)
	}
	events, after, done := l.core.Forbid(l.now(), s.name, s.sweep.after, budget, may, l.events[:0])
	s.sweep.after = after
	l.sight.steps += int64(steps)
	if done {
		s.sweep = nil
	}
	l.deliver(events)
}

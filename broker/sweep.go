package broker

import (
	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A sweep follows a change of the rights of a session. It ends the requests that wait and may no longer be
// made. Then it looks for locks that the session holds and may no longer acquire, for the log: these stay
// held, because a change of the rights must not break a critical section. It may take several turns.
type sweep struct {
	holders bool  // it has come to the requests that hold
	after   int64 // the number of the last request that it has looked at, or -1

	kept  []string // the first locks that stay held
	count int      // of all of them
}

const (
	// sweepSlice is how many sight steps a turn of a sweep takes, about half a millisecond.
	sweepSlice = 100_000
	// sweepLock is how many of them a lock takes, in addition to the check.
	sweepLock = 80
)

// setRights gives a session other rights. What the session has sent before, and the loop has not
// handled, is judged again in its turn: it may have waited long, and must not act under rights that
// are gone.
func (l *loop) setRights(s *session, now *rights) {
	before := s.rights
	if s.ended || before != nil && now != nil && before.party == now.party {
		s.rights = now
		return
	}
	mayHide := s.rights.mayHide() || now.mayHide()
	s.rights, s.unjudged = now, int32(s.todo.count())
	l.sight.forget()
	if s.watches != nil && mayHide {
		s.watches.lag()
	}
	if now != nil && !now.permissions.AllowsEverywhere(access.Acquire|access.Steal) {
		s.sweep = &sweep{after: -1}
		l.queue(s)
	}
}

// judgeAgain replaces a request by its refusal if the rights of s do not allow it any longer.
func (l *loop) judgeAgain(s *session, it *item) {
	m, is := it.what.(wire.Request)
	if !is || s.rights == nil {
		return
	}
	cost := s.rights.permissions.Cost()
	if acquire, is := m.(*wire.Acquire); is {
		cost *= len(acquire.Locks)
	}
	l.sight.steps += int64(cost)
	if refusal, lacks := s.rights.judge(m); refusal != nil {
		it.what = refusal
		l.auditJudged(s, m, refusal, lacks)
	}
}

// continueSweep works on a sweep for one turn.
func (l *loop) continueSweep(s *session) {
	switch {
	case s.rights == nil: // everything is permitted now
		s.sweep = nil
		return
	case s.sweep.holders:
		l.sweepHolders(s)
		return
	}
	events, after, done := l.core.Forbid(
		l.now(), s.name, s.sweep.after, s.sweepBudget(), l.checkOf(s), l.events[:0])
	s.sweep.after = after
	if done {
		s.sweep.holders, s.sweep.after = true, -1
	}
	l.deliver(events)
}

// sweepHolders looks at locks that s holds, and logs at the end which ones it may no longer acquire.
func (l *loop) sweepHolders(s *session) {
	may, w := l.checkOf(s), s.sweep
	var done bool
	w.after, done = l.table.EachHeld(s.name, w.after, s.sweepBudget(), func(lock string, mode wire.Mode) {
		if _, ok := may(lock, mode, false); ok {
			return
		}
		if w.count++; len(w.kept) < maxLocksDescribed {
			w.kept = append(w.kept, lock)
		}
	})
	if !done {
		return
	}
	s.sweep = nil
	if w.count == 0 {
		return
	}
	if line, ok := l.logs.kept.admit(); ok {
		l.aside(func() {
			line.write("a client holds locks that it may no longer acquire: "+
				"it keeps them until it releases them", s.attrs(locksAttr(w.kept, w.count))...)
		})
	}
}

// sweepBudget returns how many locks a turn of a sweep looks at.
func (s *session) sweepBudget() int {
	return max(sweepSlice/(s.rights.permissions.Cost()+sweepLock), 1)
}

// checkOf returns the check for what s may do now. It counts its steps.
func (l *loop) checkOf(s *session) locktable.Check {
	return func(lock string, mode wire.Mode, steal bool) (wire.Verb, bool) {
		if s.rights == nil {
			return "", true
		}
		l.sight.steps += int64(s.rights.permissions.Cost())
		return s.rights.mayWait(lock, mode, steal)
	}
}

package broker

import (
	"log/slog"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// With a state directory, the core keeps a record of the sessions that may come back after a crash. The loop passes its
// changes to the recorder, and tells the core when they are stored. A session whose next item must be on record first
// gets no turn until then.

// keepRecord passes the changes of the record to the recorder.
func (l *loop) keepRecord() {
	if l.recorder == nil {
		return
	}
	if gone := l.core.Purge(l.now()); gone > 0 {
		l.aside(func() {
			l.logs.write(slog.LevelWarn, "sessions of the last run did not come back in time: they have lost their locks",
				slog.Int("sessions", gone))
		})
	}
	if changes := l.core.TakeChanges(); changes != nil {
		l.recorder.Record(changes)
	}
}

// recorded tells the core that changes are stored, and lets the sessions go on that have waited for that.
func (l *loop) recorded(changes int) {
	l.readClock()
	for range changes {
		l.deliver(l.core.Recorded(l.now(), l.events[:0]))
	}
	l.retryUnrecorded()
}

// retryUnrecorded lets the sessions go on that have waited until the record has changed.
func (l *loop) retryUnrecorded() {
	waited := l.unrecorded
	l.unrecorded = nil
	for _, s := range waited {
		l.queue(s)
	}
}

// awaitsRecord reports whether the next item of s must wait until the record has changed. If so, s goes on after that.
func (l *loop) awaitsRecord(s *session) bool {
	if l.recorder == nil || s.ended || s.closing || s.isTakingUp() && !s.resuming.isRekeying() {
		return false
	}
	waits := false
	if s.isTakingUp() {
		waits = !l.core.Rekey(s.resuming.core, s.name) || !l.isMarked(s)
	} else if _, acquires := s.todo.first.what.(*wire.Acquire); acquires {
		waits = !l.core.MayRequest(s.name) || !l.isMarked(s)
	}
	if waits {
		l.unrecorded = append(l.unrecorded, s)
	}
	return waits
}

// isMarked reports whether a write of the owner's record has been acknowledged that began after the hello of s. Before
// that, this broker could be one that was paused, and does not know yet that another one has taken over.
func (l *loop) isMarked(s *session) bool {
	if s.mark != 0 && l.member.isRecorded(s.mark) {
		s.mark = 0
	}
	return s.mark == 0
}

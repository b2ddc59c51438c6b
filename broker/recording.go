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
		l.forgetPurged()
		l.aside(func() {
			l.logs.write(slog.LevelWarn, "sessions of the last run did not come back in time: "+
				"they have lost their locks",
				slog.Int("sessions", gone))
		})
	}
	if changes := l.core.TakeChanges(l.now()); changes != nil {
		l.recorder.Record(changes)
	}
}

// forgetPurged forgets the sessions that somebody was about to take up when they were purged.
func (l *loop) forgetPurged() {
	for name := range l.absences {
		if !l.core.IsAbsent(name) {
			delete(l.absences, name)
		}
	}
}

// recorded notes that changes are stored.
func (l *loop) recorded(changes int) {
	l.readClock()
	l.stored += changes
	l.noteStored()
}

// storedSlice is how many stored changes the core is told of in one slice.
const storedSlice = 256

// noteStored tells the core that changes are stored, and lets the sessions go on that have waited for that.
func (l *loop) noteStored() {
	for range min(l.stored, storedSlice) {
		l.stored--
		l.deliver(l.core.Recorded(l.now(), l.events[:0]))
	}
	l.retryUnrecorded()
}

// retryUnrecorded lets the sessions go on that have waited in awaitsRecord.
func (l *loop) retryUnrecorded() {
	waited := l.unrecorded
	l.unrecorded = nil
	for _, s := range waited {
		s.parked = false
		l.queue(s)
	}
}

// awaitsRecord reports whether the next item of s must wait until the record has changed, or until another connection
// has taken up the session that s wants. If so, s goes on after that.
func (l *loop) awaitsRecord(s *session) bool {
	if s.ended || s.closing || !l.mustAwaitRecord(s) {
		return false
	}
	if !s.parked {
		s.parked = true
		l.unrecorded = append(l.unrecorded, s)
	}
	return true
}

func (l *loop) mustAwaitRecord(s *session) bool {
	if s.isTakingUp() {
		switch w := s.lasting.resuming; w.stage {
		case checking:
			return l.core.IsTaken(w.core)
		case rekeying:
			return !l.core.Rekey(w.core, s.name) || !l.isMarked(s)
		}
		return false
	}
	if l.recorder == nil {
		return false
	}
	switch s.todo.first.what.(type) {
	case *wire.Acquire:
		return !l.core.MayRequest(s.name) || !l.isMarked(s)
	case *wire.Evict:
		return s.evicts // one at a time, so that few evicts are pending while the record cannot be written
	}
	return false
}

// isMarked reports whether a write of the owner's record has been acknowledged that began after the hello of s. Before
// that, this broker could be one that was paused, and does not know yet that another one has taken over.
func (l *loop) isMarked(s *session) bool {
	if s.mark != 0 && l.member.isRecorded(s.mark) {
		s.mark = 0
	}
	return s.mark == 0
}

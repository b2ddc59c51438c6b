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
			l.logs.write(slog.LevelWarn, "sessions of the last run did not come back in time: "+
				"they have lost their locks",
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
		waits = !l.core.Rekey(s.resuming.core, s.name)
	} else if _, acquires := s.todo.first.what.(*wire.Acquire); acquires {
		waits = !l.core.MayRequest(s.name)
	}
	if waits {
		l.unrecorded = append(l.unrecorded, s)
	}
	return waits
}

package broker

import (
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// stop records the end of the run, and closes every connection. The lock table is not used after this.
func (l *loop) stop() error {
	for _, it := range l.inbox.close() {
		if s := it.session; s != nil && l.sessions.Get(s.name) != s { // it is not open yet
			s.stop(false)
		}
	}
	if l.core == nil {
		return nil // the loop never began to serve
	}
	var moving []*session
	for _, s := range l.sessions.All() {
		if l.core.Outlives(s.name) {
			moving = append(moving, s)
		} else {
			s.stop(false)
		}
	}
	l.logEnd()
	err := l.recordEnd()
	l.partFrom(moving, err == nil)
	if errors.Is(err, errNoStandby) {
		err = nil
		l.aside(func() {
			l.logs.write(slog.LevelWarn,
				"no standby has taken the locks over: only clients that are kept can hold on")
		})
	}
	if l.member != nil {
		awaitWritten(moving)
		err = errors.Join(err, l.member.giveUpOwnership())
	}
	return err
}

// partFrom ends sessions that can outlive the broker. left says that the next run or a standby has what they hold and
// wait for. If not, those that are kept can still hold on, because they are on record. They are told nothing: a close
// frame would end their sessions.
func (l *loop) partFrom(sessions []*session, left bool) {
	for _, s := range sessions {
		if !left && l.core.Lasts(s.name) {
			s.abandon()
		} else {
			s.stop(left)
		}
	}
}

// awaitWritten waits until the clients of these sessions have been told of the end. It gives up once none has been told
// for tellPause or longer, because the rest do not read, and after tellWait.
func awaitWritten(sessions []*session) {
	limit, pause := time.NewTimer(tellWait), time.NewTicker(tellPause)
	defer limit.Stop()
	defer pause.Stop()
	for some := false; len(sessions) > 0; {
		select {
		case <-sessions[0].written:
			sessions, some = sessions[1:], true
		case <-pause.C: // the first does not read, but others may
			left := slices.DeleteFunc(sessions, (*session).isWritten)
			if len(left) == len(sessions) && !some {
				return
			}
			sessions, some = left, false
		case <-limit.C:
			return
		}
	}
}

// isWritten reports whether everything has been written that the client should be told.
func (s *session) isWritten() bool {
	select {
	case <-s.written:
		return true
	default:
		return false
	}
}

// stop ends a session with the broker. moves says that the session goes on in the next run.
func (s *session) stop(moves bool) {
	if moves {
		s.out.put(&wire.Moving{})
	}
	s.out.finish(ending{code: wire.CloseRestart, reason: "the broker stops"})
	s.net.Hurry()
}

// abandon closes every connection at once, because another broker has taken over. The clients are told nothing: those
// that are kept take up their sessions there.
func (l *loop) abandon() {
	l.supply.Abandon()
	for _, it := range l.inbox.close() {
		if it.session != nil {
			it.session.abandon()
		}
	}
	for _, s := range l.sessions.All() {
		s.abandon()
	}
}

func (s *session) abandon() {
	s.out.cut(ending{reason: "the client can go on elsewhere"})
	_ = s.net.Close()
}

// heedMember does what the broker's part in the cluster calls for.
func (l *loop) heedMember() {
	l.retryUnrecorded()
	if l.member.stalled.Load() {
		l.sendAway()
	}
}

// sendAway closes the connections of sessions that are kept, because the broker cannot answer: their clients may find
// another broker that has taken over. The others would lose their locks, so they wait until the broker can answer
// again.
func (l *loop) sendAway() {
	var kept []*session
	for _, s := range l.sessions.All() {
		if l.core.Lasts(s.name) {
			kept = append(kept, s)
		}
	}
	for _, s := range kept {
		l.end(s, ending{reason: "the store of the cluster does not answer"})
		s.abandon()
	}
}

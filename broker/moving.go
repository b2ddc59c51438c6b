package broker

import (
	"errors"
	"log/slog"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A broker with a state directory moves when it stops: what its clients hold and wait for goes on in the next run.
//
//  1. From the drain on, nothing is granted. The drain waits only for the requests of clients that cannot take up
//     their session.
//  2. The loop handles nothing more. What is on its way is not answered, so the client will state it again.
//  3. The end of the run and the snapshot are recorded. Until then the clients are told nothing.
//  4. They are told that the broker is moving, and every connection is closed.
//  5. The next run begins with the snapshot. All its sessions are absent until their clients take them up.

// stopWait is how long the end of a run may take to be recorded before the clients are told that their locks are lost.
const stopWait = 3 * time.Second

var errSlowStop = errors.New("the end of the run could not be recorded in time")

// recordEnd records the end of the run, and what it leaves to the next one.
func (l *loop) recordEnd() error {
	var left *core.Snapshot
	if l.moves {
		// The next owner of a cluster learns from an empty one, too, that nobody holds anything.
		if s := l.core.Snapshot(l.now()); len(s.Sessions) > 0 || l.member != nil {
			left = &s
		}
	}
	stale := l.core.StaleAtEnd(l.now())
	if left == nil && l.member == nil {
		return l.supply.Stop(stale, nil)
	}
	done := make(chan error, 1)
	l.aside(func() { done <- l.supply.Stop(stale, left) })
	select {
	case err := <-done:
		l.logLeft(left, err)
		return err
	case <-time.After(l.stopPatience()):
		return errSlowStop
	}
}

// stopPatience returns how long the end of the run may take to be recorded.
func (l *loop) stopPatience() time.Duration {
	if l.member == nil {
		return stopWait
	}
	return stopWait + l.member.patienceForStandbys()
}

// logLeft logs what the run leaves to the next one.
func (l *loop) logLeft(left *core.Snapshot, err error) {
	if left == nil || err != nil { // Run returns the error
		return
	}
	l.aside(func() {
		l.logs.write(slog.LevelInfo, "moving: the next run goes on with these sessions",
			slog.Int("sessions", len(left.Sessions)))
	})
}

// restore begins with what the last run has left.
func (l *loop) restore(s *core.Snapshot) {
	l.core.Restore(l.now(), *s)
	for i := range s.Sessions {
		l.noteAbsence(sessionOfLastRun(s.Sessions[i].Name, s.Sessions[i].Peer))
	}
	l.aside(func() {
		l.logs.write(slog.LevelInfo, "the sessions of the last run go on: their clients can take them up",
			slog.Int("sessions", len(s.Sessions)), slog.Duration("within", s.Timeout))
	})
}

// sessionOfLastRun stands for the last connection of a session of the last run.
func sessionOfLastRun(name string, peer wire.Peer) *session {
	return &session{connection: &connection{name: name, peer: peer}}
}

// noteLastRun notes the absence of a session that is on record since the last run, and that is now taken up.
func (l *loop) noteLastRun(name string) {
	if l.absences[name] == nil {
		l.noteAbsence(sessionOfLastRun(name, wire.Peer{}))
	}
}

// isOfLastRun reports whether the last connection of an absent session was one of the last run.
func (a *absence) isOfLastRun() bool { return a.was.net == nil }

// withoutOthers removes from a reply what it says of others. It is for a session of the last run, of whose rights
// nothing is known.
func withoutOthers(m wire.Reply) {
	switch m := m.(type) {
	case *wire.Lost:
		m.By = ""
	case *wire.Error:
		m.By, m.Holders, m.Ahead, m.Cycle = "", nil, wire.Opt[int]{}, nil
	}
}

// missOfLastRun is miss for a session of the last run.
func (a *absence) missOfLastRun(event *locktable.Event) {
	m := core.ReplyTo(event)
	withoutOthers(m)
	a.keep(event.ID.N, m)
}

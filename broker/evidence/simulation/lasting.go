package simulation

import (
	"cmp"
	"slices"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file follows broker/lasting.go: sessions that outlive their connections.

// keepsRecord reports whether sessions can be taken up.
func (b *broker) keepsRecord() bool { return b.w.plan.lasts() }

// A lastingConnection is what a connection knows more if its session lasts.
type lastingConnection struct {
	secret  string
	kept    bool
	resumed string // the session that goes on with this connection
	proven  bool   // the client knows that: it has sent something since
}

func (c *lastingConnection) isUnproven() bool { return c != nil && c.resumed != "" && !c.proven }

// newLastingConnection returns what a connection knows more if its session lasts, or nil.
func (b *broker) newLastingConnection(name string, n *node) *lastingConnection {
	if !b.keepsRecord() || n.plan.Old {
		return nil
	}
	return &lastingConnection{secret: "secret of " + name, kept: n.plan.Resume}
}

// last makes a session last that has just opened, if its connection says so.
func (b *broker) last(s *session) {
	if s.lasting != nil {
		b.machine.Last(s.name, "", core.KeyOf(s.lasting.secret), s.lasting.kept)
		b.machine.Outlive(s.name)
	}
}

// An absence is a session without a connection. Its missed has what its client would have been told meanwhile.
type absence struct {
	was    *session
	missed map[int64]wire.Reply
}

// lasts reports whether a session lasts although its connection ends.
func (b *broker) lasts(s *session, how ending) bool {
	if how.code == wire.CloseRestart || s.lasting == nil {
		return false
	}
	return how.by != transport.ByGoodbye && (b.machine.Lasts(s.name) || s.lasting.isUnproven())
}

// detach makes a session absent, or ends it if it has no requests.
func (b *broker) detach(s *session) {
	if b.machine.Detach(s.name, s.lastHeard) {
		b.w.counts.add(SawAbsent)
		b.noteAbsence(s)
	}
}

func (b *broker) noteAbsence(s *session) {
	if b.absences == nil {
		b.absences = make(map[string]*absence)
	}
	s.absent = true
	b.absences[s.name] = &absence{was: s}
}

// endAbsences ends sessions that have been absent for too long.
func (b *broker) endAbsences() {
	for {
		name, ok := b.machine.EndAbsence(b.now())
		if !ok {
			return
		}
		b.w.counts.add(SawAbandoned)
		b.w.tracef("broker %d ends the absent session %s", b.index+1, name)
		delete(b.absences, name)
	}
}

// miss keeps what the client of an absent session should be told of an event.
func (b *broker) miss(e *locktable.Event) {
	a := b.absences[e.ID.Session]
	if a == nil {
		return
	}
	switch e.Kind {
	case locktable.Lost, locktable.Evicted, locktable.TimedOut, locktable.Forbidden, locktable.ShutDown:
		if a.missed == nil {
			a.missed = make(map[int64]wire.Reply)
		}
		a.missed[e.ID.N] = core.ReplyTo(e)
	}
}

// restore begins with what the last owner has left.
func (b *broker) restore(snapshot *core.Snapshot) {
	b.machine.Restore(b.now(), *snapshot)
	b.restored = true
	for i := range snapshot.Sessions {
		b.noteAbsence(b.sessionOfLastRun(snapshot.Sessions[i].Name))
	}
	for saved := range snapshot.Requests {
		b.order.restore(b.absences[saved.ID.Session].was, &saved)
	}
}

// sessionOfLastRun stands for the last connection of a session.
func (b *broker) sessionOfLastRun(name string) *session {
	return &session{b: b, conn: b.w.lastConns[name], name: name, ended: true, ofLastRun: true, timeout: b.timeout}
}

// noteLastRun notes the absence of a session that is on record since the last term, and that is now taken up.
func (b *broker) noteLastRun(name string) {
	if b.absences[name] == nil {
		b.noteAbsence(b.sessionOfLastRun(name))
	}
}

// mayReply reports whether a message may be sent on s now. If not, it waits until the broker may answer.
func (s *session) mayReply(m *message) bool {
	if len(s.out) == 0 && s.b.mayAnswer() {
		return true
	}
	s.out = append(s.out, *m)
	return false
}

// flushAll sends what has waited until the broker may answer.
func (b *broker) flushAll() {
	for _, s := range b.sessions {
		out := s.out
		s.out = nil
		for i := range out {
			if !s.ended {
				b.w.send(s.conn, down, out[i])
			}
		}
	}
}

// order puts the requests that a session has stated into the order of its requests.
func byNumber(a, b *request) int { return cmp.Compare(a.id.N, b.id.N) }

// adopt makes a session go on with the requests of another one.
func (s *session) adopt(was *session) {
	s.order = append(s.order, was.order...)
	slices.SortFunc(s.order, byNumber)
	for _, r := range s.order {
		r.session = s
	}
	was.order = nil
}

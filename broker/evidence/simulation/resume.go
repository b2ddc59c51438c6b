package simulation

import (
	"slices"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file follows broker/resume.go: how a session is taken up on another connection.

// A resuming is a session's wish to take up another one.
type resuming struct {
	id      wire.ID
	stage   resumeStage
	core    *core.Resumption
	refused string
}

type resumeStage uint8

const (
	stating resumeStage = iota
	checking
	settling
	rekeying
	attached
)

const resumeSlice = 256

// resume handles a part of a statement.
func (b *broker) resume(s *session, m *wire.Resume) {
	w := s.resuming
	if w == nil {
		w = &resuming{core: core.NewResumption(claimOf(m))}
		s.resuming = w
	}
	w.id = m.ID
	if w.refused == "" {
		b.state(s, m)
	}
	switch {
	case m.More:
	case w.refused != "":
		b.refuseResume(s, w.refused)
	default:
		w.stage = checking
	}
}

// state adds a part to the statement of s, or notes why the statement is refused.
func (b *broker) state(s *session, m *wire.Resume) {
	w, claim := s.resuming, claimOf(m)
	switch {
	case s.lasting == nil || m.Session == s.name || b.machine.Table().OpenRequests(s.name) > 0:
		w.refused = "this session cannot take up another one"
	case !w.core.Claim.Equal(claim):
		w.refused = "the parts of the statement are about different sessions"
	case !b.machine.MayTakeUp(&claim):
		w.refused = "there is no such session to take up"
	case !w.core.Add(m):
		w.refused = "the numbers of the requests do not rise"
	}
}

func claimOf(m *wire.Resume) core.Claim {
	claim := core.Claim{Session: m.Session, Keys: []core.Key{core.KeyOf(m.Secret)}}
	for _, secret := range m.Tried {
		claim.Keys = append(claim.Keys, core.KeyOf(secret))
	}
	return claim
}

// isTakingUp reports whether s takes up another session, and has stated everything.
func (s *session) isTakingUp() bool { return s.resuming != nil && s.resuming.stage > stating }

// refuseResume refuses to take up a session. The client goes on with s.
func (b *broker) refuseResume(s *session, why string) {
	id := s.resuming.id
	b.checkRefused(s.resuming.core.Claim.Session)
	b.giveUpResume(s)
	b.w.counts.add(SawNotResumed)
	s.reply(&wire.NotResumed{ID: id, Message: why})
}

// giveUpResume lets others take up the session that s was about to take up.
func (b *broker) giveUpResume(s *session) {
	if s.resuming != nil {
		b.machine.GiveUp(s.resuming.core)
		s.resuming = nil
		b.retryUnrecorded()
	}
}

// continueResume works on taking up a session.
func (b *broker) continueResume(s *session) {
	if s.closing {
		b.giveUpResume(s)
		return
	}
	switch w := s.resuming; w.stage {
	case checking:
		b.check(s, w)
	case settling:
		b.settle(w)
	case rekeying:
		events, done := b.machine.Settle(b.now(), w.core, resumeSlice, b.events[:0])
		b.tell(events)
		if !done {
			w.stage = settling
			return
		}
		b.attach(s)
	case attached:
		events, done := b.machine.Recheck(b.now(), w.core, resumeSlice, b.events[:0])
		b.tell(events)
		if done {
			s.resuming = nil
			b.retryUnrecorded()
		}
	}
}

// check does a slice of the check of a statement.
func (b *broker) check(s *session, w *resuming) {
	ok, done := b.machine.Check(w.core, resumeSlice)
	switch {
	case !ok:
		b.refuseResume(s, "there is no such session to take up")
	case done:
		name := w.core.Claim.Session
		if old := b.names[name]; old != nil {
			old.end(ending{code: wire.ClosePolicy})
			old.replaced = true
		}
		if b.machine.IsMissing(name) {
			b.noteLastRun(name)
		}
		b.order.state(b.absences[name], w.core)
		w.stage = settling
	}
}

// settle does a slice of settling.
func (b *broker) settle(w *resuming) {
	events, done := b.machine.Settle(b.now(), w.core, resumeSlice, b.events[:0])
	b.tell(events)
	b.order.reclaim(w.core)
	if done {
		w.stage = rekeying
	}
}

// attach makes the session that s has asked for go on with the connection of s.
func (b *broker) attach(s *session) {
	w, r := s.resuming, s.resuming.core
	name := r.Claim.Session
	if !b.machine.Attach(r, s.name, s.peer(), nil) {
		if !b.machine.IsAbsent(name) {
			delete(b.absences, name)
		}
		b.refuseResume(s, "the session has ended meanwhile")
		return
	}
	w.stage = attached
	a := b.absences[name]
	delete(b.absences, name)
	a.was.replaced = true
	delete(b.names, s.name)
	b.names[name], b.w.lastConns[name] = s, s.conn
	b.w.tracef("broker %d: %s goes on with %s of c%d", b.index+1, name, s.name, s.conn.node.plan.Number)
	b.w.counts.add(SawResumed)
	s.name, s.lasting.resumed = name, name
	s.adopt(a.was)
	b.checkResumed(s, r)
	b.answerResume(s, a, w)
}

// answerResume tells the client of s what has become of its requests. Those that the broker does not know are made.
func (b *broker) answerResume(s *session, a *absence, w *resuming) {
	r := w.core
	for _, n := range r.Lost {
		if m := a.missed[n]; m != nil {
			s.reply(m)
		}
	}
	s.reply(&wire.Resumed{ID: w.id, Held: r.Holds, Lost: r.Lost})
	for i := range r.Granted {
		s.reply(&r.Granted[i])
	}
	var again []item
	for _, waits := range r.Missing {
		if m := a.missed[waits.N]; m != nil {
			s.reply(m)
			continue
		}
		again = append(again, item{request: &wire.Acquire{
			ID: wire.ID{Session: s.name, N: waits.N}, Locks: waits.Locks, Author: waits.Author,
			WaitMS: waits.WaitMS, HoldMS: waits.HoldMS, Parent: waits.Parent,
		}})
	}
	s.todo = slices.Concat(again, s.todo)
}

// refuseStray refuses a message that the client has sent before it knew that another session goes on with its
// connection.
func (s *session) refuseStray(m wire.Request) bool {
	if s.lasting == nil || s.lasting.resumed == "" {
		return false
	}
	id, _ := wire.RequestID(m)
	if id.Session == s.name {
		return false
	}
	s.reply(&wire.Error{ID: id, Code: wire.BadID, Message: "sent before the reply to resume"})
	return true
}

// endKept frees the locks of an ended session if the client, or its kernel, has meanwhile said that it has ended.
func (b *broker) endKept(s *session, how ending, frees bool) {
	if s.replaced {
		return
	}
	if b.absences[s.name] != nil && b.machine.Lasts(s.name) {
		if how.by == transport.ByGoodbye {
			delete(b.absences, s.name)
			s.absent, s.kept = false, 0
			b.machine.End(s.name, true, b.now())
		}
		return
	}
	if frees && !s.freed {
		s.freed, s.kept = true, 0
		b.machine.EndKept(s.name)
	}
}

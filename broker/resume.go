package broker

import (
	"log/slog"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// How a session is taken up (PROTOCOL.md, "Taking up a session on another connection"):
//
//  1. The client's statement arrives, perhaps in several messages (loop.resume).
//  2. The core checks it. Until then nothing has changed.
//  3. If the session still has a connection, that one ends.
//  4. The core ends the requests that the client has not stated, and compares the others.
//  5. The session goes on with the new connection, whose own session is gone (loop.attach). The client is told.
//  6. Its requests are granted what they could not be granted meanwhile. Requests that the broker does not know are
//     made, as if the client had sent them now.
//
// The steps that may take long are done in slices: the session gets turns as for a page of the listing.

// resumeSlice is how many stated requests are handled in one turn.
const resumeSlice = 256

// A resuming is a session's wish to take up another one.
type resuming struct {
	id    wire.ID // of the last message of the statement
	stage resumeStage
	core  *core.Resumption
}

type resumeStage uint8

const (
	stating  resumeStage = iota // the statement is not complete
	checking                    // step 2
	settling                    // step 4
	rekeying                    // the new key is being recorded
	attached                    // step 6
)

// isRekeying reports whether the session can go on once its new key is on record.
func (w *resuming) isRekeying() bool { return w.stage == rekeying }

// takenUp ends the connection of a session that goes on with another one.
var takenUp = ending{code: wire.ClosePolicy, reason: "taken up"}

// resume handles a part of a statement.
func (l *loop) resume(s *session, m *wire.Resume) {
	w := s.resuming
	if w == nil {
		w = &resuming{core: core.NewResumption(claimOf(s, m))}
		s.resuming = w
	}
	w.id = m.ID
	switch {
	case s.lasting == nil || m.Session == s.name || l.table.OpenRequests(s.name) > 0:
		l.refuseResume(s, "this session cannot take up another one")
	case !w.core.Claim.Equal(claimOf(s, m)):
		l.refuseResume(s, "the parts of the statement are about different sessions")
	case !w.core.Add(m):
		l.refuseResume(s, "the numbers of the requests do not rise")
	case w.core.Size() > 2*l.config.Limits.Requests:
		l.refuseResume(s, "the statement is too long")
	case !m.More:
		w.stage = checking
	}
}

// claimOf returns why s may take up the session that m names.
func claimOf(s *session, m *wire.Resume) core.Claim {
	claim := core.Claim{Session: m.Session, Identity: s.peer.Identity, Keys: []core.Key{core.KeyOf(m.Secret)}}
	for _, secret := range m.Tried {
		claim.Keys = append(claim.Keys, core.KeyOf(secret))
	}
	return claim
}

// isTakingUp reports whether s takes up another session, and has stated everything.
func (s *session) isTakingUp() bool { return s.resuming != nil && s.resuming.stage > stating }

// refuseResume refuses to take up a session. The client goes on with s.
func (l *loop) refuseResume(s *session, why string) {
	l.giveUpResume(s)
	l.reply(s, &wire.NotResumed{ID: s.resuming.id, Message: why})
	s.resuming = nil
}

// giveUpResume lets others take up the session that s was about to take up.
func (l *loop) giveUpResume(s *session) {
	if s.resuming != nil {
		l.core.GiveUp(s.resuming.core)
	}
}

// continueResume works for one turn on taking up a session.
func (l *loop) continueResume(s *session) {
	if s.ended {
		l.giveUpResume(s)
		s.resuming = nil
		return
	}
	switch w := s.resuming; w.stage {
	case checking:
		l.sight.steps += resumeSlice
		switch ok, done := l.core.Check(w.core, resumeSlice); {
		case !ok:
			l.refuseResume(s, "there is no such session to take up")
		case done:
			l.endOldConnection(w.core.Claim.Session)
			l.noteLastRun(w.core.Claim.Session)
			w.stage = settling
		}
	case settling:
		events, done := l.core.Settle(l.now(), w.core, resumeSlice, l.events[:0])
		l.deliver(events)
		if done {
			w.stage = rekeying
		}
	case rekeying:
		l.attach(s)
	case attached:
		events, done := l.core.Recheck(l.now(), w.core, resumeSlice, l.events[:0])
		l.deliver(events)
		if done {
			l.submitMissing(s, w.core.Missing)
			s.resuming = nil
		}
	}
}

// endOldConnection ends the connection of a session that is taken up, if it still has one. The newest connection
// counts: a client may notice the end of a connection before the broker does.
func (l *loop) endOldConnection(name string) {
	if old := l.sessions.Get(name); old != nil {
		l.end(old, takenUp)
		old.out.cut(takenUp)
		old.net.Hurry()
	}
}

// attach makes the session that s has asked for go on with the connection of s.
func (l *loop) attach(s *session) {
	w, r := s.resuming, s.resuming.core
	if !l.core.Attach(r, s.name, s.peer, &s.share.Account) {
		l.refuseResume(s, "the session has ended meanwhile")
		return
	}
	w.stage = attached
	own, name := s.name, r.Claim.Session
	a := l.absences[name]
	delete(l.absences, name)
	a.was.replaced = true
	l.sessions.Delete(own)
	l.sessions.Set(name, s)
	s.name = name
	s.lasting.resumed.Store(&resumedSession{name, r.Last()}) // before the client can send anything
	l.logResumed(s, a.was, own)

	for _, n := range r.Lost {
		if m := a.missed[n]; m != nil {
			l.reply(s, m)
		}
	}
	l.reply(s, &wire.Resumed{ID: w.id, Held: r.Holds, Lost: r.Lost})
	for i := range r.Granted {
		l.reply(s, &r.Granted[i])
	}
	missing := r.Missing[:0]
	for _, waits := range r.Missing {
		if m := a.missed[waits.N]; m != nil {
			l.reply(s, m)
		} else {
			missing = append(missing, waits)
		}
	}
	r.Missing = missing
	l.sweepIfNew(s, a.was)
}

// sweepIfNew ends the requests of a session that its client may no longer make, if the rights have changed.
func (l *loop) sweepIfNew(s, was *session) {
	if s.rights != nil && (was.rights == nil || was.rights.party != s.rights.party) {
		s.sweep = &sweep{after: -1}
	}
}

// submitMissing makes the requests that the client waits for and that the broker does not know, for example because
// the connection broke before they arrived. They are judged and limited as if the client had sent them now.
func (l *loop) submitMissing(s *session, missing []wire.WaitingRequest) {
	for i := range missing {
		m := &missing[i]
		acquire := &wire.Acquire{
			ID: wire.ID{Session: s.name, N: m.N}, Locks: m.Locks, Author: m.Author,
			WaitMS: m.WaitMS, HoldMS: m.HoldMS, Parent: m.Parent,
		}
		units := unitsOf(acquire)
		s.backlog.grow(units)
		l.enqueue(s, &item{session: s, what: acquire, units: units})
	}
	s.unjudged = s.todo.count()
}

// logResumed logs that a session goes on with another connection.
func (l *loop) logResumed(s, was *session, own string) {
	if !l.logs.opened.isOn() {
		return
	}
	attrs := s.attrs(slog.String("opened_as", own))
	if was.net != nil { // otherwise it was a connection of the last run
		silent := time.Since(was.net.LastHeard())
		attrs = append(attrs, slog.Duration("silent", silent.Truncate(time.Millisecond)))
	}
	l.aside(func() { l.logs.opened.write("a session was taken up on another connection", attrs...) })
}

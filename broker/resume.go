package broker

import (
	"log/slog"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
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
//     made, as if the client had sent them now, and before anything that it sends after the reply.
//
// The reply comes to the last message of a statement. If one of its messages was refused with an error, or there was no
// memory for it, the rest of the statement is worth nothing: what is missing in it would seem to have ended.
//
// The steps that may take long are done in slices: the session gets turns as for a page of the listing.

const (
	resumeSlice = 256               // how many stated requests are looked at in one step
	resumeSteps = stepsOfSlice / 10 // how much a turn of settling costs
)

// A resuming is a session's wish to take up another one.
type resuming struct {
	id      wire.ID // of the last message of the statement
	stage   resumeStage
	core    *core.Resumption
	refused string // why the statement is refused; "": it is not refused so far
	weight  int    // of the stated requests, as a locktable.Account counts them

	submitted int      // how many missing requests are in again
	again     todoList // these, until the loop handles them
}

type resumeStage uint8

const (
	stating  resumeStage = iota // the statement is not complete
	checking                    // step 2
	settling                    // step 4
	rekeying                    // the new key is being recorded
	attached                    // step 6
)

// takenUp ends the connection of a session that goes on with another one.
var takenUp = ending{code: wire.ClosePolicy, reason: "taken up"}

// resume handles a part of a statement.
func (l *loop) resume(s *session, m *wire.Resume) {
	if s.lasting == nil {
		if !m.More {
			l.notResumed(s, m.ID, cannotResume)
		}
		return
	}
	w := s.lasting.resuming
	if w == nil {
		w = &resuming{core: core.NewResumption(claimOf(s, m))}
		s.lasting.resuming = w
	}
	w.id = m.ID
	if w.refused == "" {
		l.state(s, m)
	}
	switch {
	case m.More:
	case w.refused != "":
		l.refuseResume(s, w.refused)
	default:
		w.stage = checking
	}
}

const cannotResume = "this session cannot take up another one"

// noSuchSession does not say what is wrong, because the client may be somebody else.
const noSuchSession = "there is no such session to take up"

// state adds a part to the statement of s, or notes why the statement is refused.
func (l *loop) state(s *session, m *wire.Resume) {
	w, claim := s.lasting.resuming, claimOf(s, m)
	weight := weightOf(m)
	l.quotaNow()
	switch {
	case m.Session == s.name || l.table.OpenRequests(s.name) > 0:
		l.discard(w, cannotResume)
	case !w.core.Claim.Equal(claim):
		l.discard(w, "the parts of the statement are about different sessions")
	case !l.core.MayTakeUp(&claim):
		l.discard(w, noSuchSession)
	case w.weight+weight > l.core.MostStated(m.Session):
		l.discard(w, "the statement is too long")
	case l.memoryFull && w.weight+weight > core.AlwaysRequests:
		l.discard(w, l.memory.whyUsedUp())
	case !w.core.Add(m):
		l.discard(w, "the numbers of the requests do not rise")
	default:
		w.weight += weight
		l.stated += weight
	}
}

// weightOf returns the weight of the requests in a part of a statement.
func weightOf(m *wire.Resume) (weight int) {
	of := func(locks []wire.LockSpec) {
		for i := range locks {
			weight += locktable.Weight(locks[i].Name)
		}
	}
	for i := range m.Held {
		of(m.Held[i].Locks)
	}
	for i := range m.Waiting {
		of(m.Waiting[i].Locks)
	}
	return weight
}

// discard refuses a statement that is not complete yet.
func (l *loop) discard(w *resuming, why string) {
	w.refused, w.core = why, core.NewResumption(w.core.Claim)
	l.forgetStated(w)
}

func (l *loop) forgetStated(w *resuming) {
	l.stated -= w.weight
	w.weight = 0
}

// discardAfterError refuses the statement of s if one of its messages may have been refused with an error.
func (l *loop) discardAfterError(s *session, answer wire.Reply) {
	w := s.takingUp()
	if _, refused := answer.(*wire.Error); refused && w != nil && w.stage == stating {
		l.discard(w, "a part of the statement was refused")
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

// takingUp returns the wish of s to take up another session, or nil.
func (s *session) takingUp() *resuming {
	if s.lasting == nil {
		return nil
	}
	return s.lasting.resuming
}

// isTakingUp reports whether s takes up another session, and has stated everything.
func (s *session) isTakingUp() bool {
	w := s.takingUp()
	return w != nil && w.stage > stating
}

// refuseResume refuses to take up a session. The client goes on with s.
func (l *loop) refuseResume(s *session, why string) {
	id := s.lasting.resuming.id
	l.giveUpResume(s)
	l.notResumed(s, id, why)
}

func (l *loop) notResumed(s *session, id wire.ID, why string) {
	l.tally.NotResumed()
	l.reply(s, &wire.NotResumed{ID: id, Message: why})
}

// giveUpResume lets others take up the session that s was about to take up.
func (l *loop) giveUpResume(s *session) {
	if w := s.takingUp(); w != nil {
		l.core.GiveUp(w.core)
		l.endResume(s)
	}
}

// endResume forgets the statement of s. Requests that are made again come before everything that the client has sent
// since it was told: that may be a cancel of one of them.
func (l *loop) endResume(s *session) {
	w := s.lasting.resuming
	s.lasting.resuming = nil
	l.forgetStated(w)
	s.todo.prepend(&w.again)
	l.retryUnrecorded() // another connection may want the same session
}

// continueResume works for one turn on taking up a session.
func (l *loop) continueResume(s *session) {
	if s.closing { // nobody would learn of it: the session stays absent
		l.giveUpResume(s)
		return
	}
	switch w := s.lasting.resuming; w.stage {
	case checking:
		l.check(s, w)
	case settling:
		for end := l.spent() + resumeSteps; w.stage == settling && l.spent() < end; {
			events, done := l.core.Settle(l.now(), w.core, resumeSlice, l.events[:0])
			l.deliver(events)
			if done {
				w.stage = rekeying
			}
		}
	case rekeying:
		if _, done := l.core.Settle(l.now(), w.core, resumeSlice, l.events[:0]); !done {
			w.stage = settling // requests have ended while the key was being recorded
			return
		}
		l.attach(s)
	case attached:
		if w.submitted < len(w.core.Missing) {
			l.submitMissing(s)
			return
		}
		events, done := l.core.Recheck(l.now(), w.core, resumeSlice, l.events[:0])
		l.deliver(events)
		if done {
			s.unjudged += int32(w.submitted)
			l.endResume(s)
		}
	}
}

// check does a slice of the check of a statement.
func (l *loop) check(s *session, w *resuming) {
	l.sight.steps += resumeSlice
	switch ok, done := l.core.Check(w.core, resumeSlice); {
	case !ok:
		l.refuseResume(s, noSuchSession)
	case done:
		name := w.core.Claim.Session
		l.endOldConnection(name)
		if l.core.IsMissing(name) {
			l.noteLastRun(name)
		}
		w.core.May = l.checkOf(s)
		w.stage = settling
	}
}

// refuseStray refuses a message that the client has sent before it knew that another session goes on with its
// connection. It returns false if m is not such a message.
func (l *loop) refuseStray(s *session, m wire.Request) bool {
	if s.lasting == nil || s.name == s.lasting.opened {
		return false
	}
	id, _ := wire.RequestID(m)
	if id.Session == s.name {
		return false
	}
	l.reply(s, &wire.Error{ID: id, Code: wire.BadID, Message: "sent before the reply to resume"})
	return true
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
	w, r := s.lasting.resuming, s.lasting.resuming.core
	if !l.core.Attach(r, s.name, s.peer, &s.share.Account) {
		if !l.core.IsAbsent(r.Claim.Session) {
			delete(l.absences, r.Claim.Session)
		}
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
	l.tally.Resumed()
	l.logResumed(s, a.was, own)

	if isNew := s.rights != nil && (a.was.rights == nil || a.was.rights.party != s.rights.party); isNew {
		s.sweep = &sweep{after: -1} // end what the client may no longer ask for
		for _, m := range a.missed {
			withoutOthers(m)
		}
	}
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
}

// submitMissing makes a slice of the requests that the client waits for and that the broker does not know, for example
// because the connection broke before they arrived. They are judged and limited as if the client had sent them now.
func (l *loop) submitMissing(s *session) {
	w := s.lasting.resuming
	missing := w.core.Missing[w.submitted:]
	missing = missing[:min(len(missing), resumeSlice)]
	w.submitted += len(missing)
	l.sight.steps += int64(len(missing)) * stepsOfItem
	for i := range missing {
		m := &missing[i]
		acquire := &wire.Acquire{
			ID: wire.ID{Session: s.name, N: m.N}, Locks: m.Locks, Author: m.Author,
			WaitMS: m.WaitMS, HoldMS: m.HoldMS, Parent: m.Parent,
		}
		units := unitsOf(acquire)
		s.backlog.grow(units)
		l.queued += int64(units)
		w.again.push(item{session: s, what: acquire, units: units}, &l.spare)
	}
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

package broker

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// What happens when a connection ends, in this order:
//
//  1. The reader gets an error, and infers from it how the connection ended (endingOf). Package
//     transport infers who ended it: the client, its kernel, or an unknown cause.
//  2. The reader tells the loop, and the loop ends the session (loop.end). If the client may not
//     know that the connection has ended, its locks are kept from others until its lease must have
//     run out (core.Machine.KeptUntil).
//  3. The reader lets the writer finish (awaitEnd). If the locks are kept, it then goes on
//     listening. If it hears that the client has ended after all, it tells the loop, which then
//     gives the locks to others at once (loop.endKept).
//  4. In slices, the loop withdraws the session's waiting requests and releases its locks
//     (maintenance.go).

// An ending says how a connection ended or must end.
type ending struct {
	code   int    // of the close frame to send; 0: none
	reason string // in that frame, and in the log
	by     transport.EndedBy
}

// brokerStopped ends a session that opens after the loop has ended.
var brokerStopped = ending{code: wire.CloseRestart, reason: "the broker has stopped"}

// endingOf returns the ending that follows from a read error. Its code is 0 if no close frame
// should be sent: the client or the library has already sent one, or nobody would read it.
func (r *reader) endingOf(err error) ending {
	r.deaf = true
	if errors.Is(err, errTooLong) {
		r.deaf = false
		return ending{code: wire.CloseTooBig, reason: "frame too long"}
	}
	said, tcp := transport.CloseFrame(err), r.net.Ended()
	end := ending{by: r.endedBy(said)}
	switch {
	case said != nil:
		end.reason = "closed by the client"
	case tcp == io.EOF: //nolint:errorlint // a wrapped EOF comes from a layer above TCP
		end.reason = "ended without a close frame"
	case tcp == nil && errors.Is(r.net.ReadError(), io.EOF):
		end.reason = "ended without a close frame"
	case tcp != nil:
		end.reason = tcp.Error()
	case r.net.IsSilent():
		end.code, end.reason = wire.ClosePolicy, "silent"
	default:
		end.reason = err.Error()
	}
	return end
}

// endedBy infers who ended the connection. said is the client's close frame, or nil.
func (r *reader) endedBy(said *websocket.CloseError) transport.EndedBy {
	return r.net.EndedBy(int(r.closeCode.Load()), said)
}

// answerClose answers a close frame with the same code. It makes writes end soon, because a stuck
// writer would keep the reader from telling the loop.
func (r *reader) answerClose(code int, _ string) error {
	r.flood.giveSlot()
	r.net.Hurry()
	// The session ends whether this succeeds or not.
	_ = r.writeControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
	return nil
}

// awaitEnd lets the writer finish, after the loop has been told of end. If the locks are kept, it
// then listens for the client's answer to the close frame, and for a FIN or RST from its kernel. It
// does so while the locks are kept, but with lock delay only for [transport.CloseWait]: then only a
// goodbye can free them. Most clients answer and close the connection soon.
func (r *reader) awaitEnd(over context.Context, end ending) {
	if r.net.Ended() != nil {
		_ = r.net.Close()
	} else {
		r.net.Hurry() // the writer may still have something to send
	}
	<-r.written
	if end.by.FreesLocks(r.lockDelay) {
		return
	}
	var answer *websocket.CloseError
	if r.net.Ended() == nil {
		var until time.Time
		if !r.lockDelay {
			until = r.net.LastHeard().Add(r.config.Timeout)
		}
		r.net.Linger(over, until, func() (done bool) {
			answer = r.hearAnswer()
			return r.endedBy(answer).FreesLocks(r.lockDelay)
		})
	}
	if by := r.endedBy(answer); by != end.by && by.FreesLocks(r.lockDelay) {
		end.by = by
		r.loop.sendEnded(&end)
	}
}

// hearAnswer reads and discards frames until the client has answered the broker's close frame or
// the connection has ended. It returns the client's close frame, or nil if none came. It reads
// nothing if the library has failed, because that would only repeat the last error.
func (r *reader) hearAnswer() *websocket.CloseError {
	if r.deaf || r.closeCode.Load() == 0 {
		return nil
	}
	defer r.flood.giveSlot()
	for {
		if _, _, err := r.ws.NextReader(); err != nil {
			return transport.CloseFrame(err)
		}
		r.flood.countFrame()
	}
}

// end ends a session: from now on no replies are queued for it, and its requests are dropped in
// slices.
func (l *loop) end(s *session, how ending) {
	if s.ended {
		l.endKept(s, how)
		return
	}
	s.ended = true
	first := s.out.finish(how)
	lasts := l.lasts(s, first, how.by)
	l.logHolder(s, first.reason, how, lasts)
	l.tally.Closed(s.kind, kindOfEnd(first.reason, how.by))
	if how.code != 0 {
		s.net.Hurry()
	}
	l.sessions.Delete(s.name)
	l.roster.remove(s)
	l.watching.forget(s)
	s.listing, s.sweep = nil, nil
	l.giveUpResume(s)
	l.pageSent(s)
	l.leaveShare(s)
	if lasts {
		l.detach(s)
	} else {
		l.core.End(s.name, how.by.FreesLocks(s.lockDelay), l.lastHeard(s))
		if l.core.IsAbsent(s.name) { // it must be struck off the record first
			l.noteAbsence(s)
		}
	}
}

// lastHeard returns when the last sign of life of s came, in the loop's time.
func (l *loop) lastHeard(s *session) time.Duration { return s.net.LastHeard().Sub(l.start) }

// endKept gives an ended session's kept locks to others if the client or its kernel has meanwhile
// said that it has ended.
func (l *loop) endKept(s *session, how ending) {
	if s.replaced {
		return
	}
	if a := l.absences[s.name]; a != nil && l.core.Lasts(s.name) {
		if how.by == transport.ByGoodbye {
			delete(l.absences, s.name)
			l.core.End(s.name, true, l.now())
		}
		return
	}
	if how.by.FreesLocks(s.lockDelay) {
		l.logUnkept(s, how)
		l.core.EndKept(s.name)
	}
}

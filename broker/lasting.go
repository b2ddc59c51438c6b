package broker

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"sync/atomic"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A session lasts if its client can take it up on another connection. The core decides which sessions last and how
// long they may be absent. This file connects them to connections; resume.go takes them up.

// A lastingConnection is what a connection knows more if its session lasts.
type lastingConnection struct {
	opened string // the name with which the session opened
	secret string // in the hello
	kept   bool   // the session lasts after every end of the connection

	resuming *resuming // the session that the client takes up, or nil; it belongs to the loop

	// resumed is the session that goes on with this connection, once one has been taken up.
	resumed atomic.Pointer[resumedSession]
	// proven says that the client knows that: it has sent something since.
	proven atomic.Bool
}

// isUnproven reports whether a session goes on with the connection, and its client may not know. Then it may try again.
func (c *lastingConnection) isUnproven() bool {
	return c != nil && c.resumed.Load() != nil && !c.proven.Load()
}

// A resumedSession is a session that goes on with another connection than that on which it began.
type resumedSession struct {
	name string
	last int64 // the greatest number that its client has stated, or -1
}

// newSecret returns a secret of 128 random bits.
func newSecret(string) string {
	var bits [16]byte
	_, _ = rand.Read(bits[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// newLastingConnection returns what a connection knows more if its session lasts, or nil.
func (b *Broker) newLastingConnection(name string, who introduction) *lastingConnection {
	if !who.keeps && !(who.moves && b.canMove()) {
		return nil
	}
	return &lastingConnection{opened: name, secret: b.secrets(name), kept: who.keeps}
}

// canMove reports whether sessions can outlive this broker.
func (b *Broker) canMove() bool { return b.loop.moves }

// sessionName returns the name of the session that goes on with the connection. Any goroutine may call it.
func (c *connection) sessionName() string {
	if c.lasting == nil {
		return c.name // no other session goes on with the connection
	}
	if r := c.lasting.resumed.Load(); r != nil {
		return r.name
	}
	return c.lasting.opened
}

// last makes a session last that has just opened, if its connection says so.
func (l *loop) last(s *session) {
	if s.lasting != nil {
		l.core.Last(s.name, s.peer.Identity, core.KeyOf(s.lasting.secret), s.lasting.kept)
		if l.moves {
			l.core.Outlive(s.name)
		}
	}
}

// An absence is a session without a connection.
type absence struct {
	was *session // its last connection
	// missed has what its client would have been told of requests that have ended meanwhile, by their numbers.
	missed map[int64]wire.Reply
}

// lasts reports whether a session lasts although its connection ends. first is its first ending.
func (l *loop) lasts(s *session, first ending, by transport.EndedBy) bool {
	switch first.code {
	case wire.CloseBinary, wire.CloseTooBig, wire.CloseRevoked, wire.CloseRestart:
		return false
	}
	return by != transport.ByGoodbye && (l.core.Lasts(s.name) || s.lasting.isUnproven())
}

// detach makes a session absent whose connection has ended, or ends it if it has no requests.
func (l *loop) detach(s *session) {
	if !l.core.Detach(s.name, l.lastHeard(s)) {
		return
	}
	l.noteAbsence(s)
}

// noteAbsence notes that a session has no connection any more.
func (l *loop) noteAbsence(s *session) {
	if l.absences == nil {
		l.absences = make(map[string]*absence)
	}
	l.absences[s.name] = &absence{was: s}
}

// absencesAtOnce is how many absent sessions end in one slice.
const absencesAtOnce = 64

// endAbsences ends sessions that have been absent for too long.
func (l *loop) endAbsences() {
	for range absencesAtOnce {
		name, ok := l.core.EndAbsence(l.now())
		if !ok {
			return
		}
		a := l.absences[name]
		delete(l.absences, name)
		l.tally.Abandoned()
		if a == nil {
			continue
		}
		if line, ok := l.logs.lost.admit(); ok {
			held := l.table.Usage(name).Holding
			l.aside(func() {
				line.write("nobody has taken up a session in time: its locks are free now",
					a.was.attrs(slog.Int("held", held))...)
			})
		}
	}
}

// miss keeps what the client of an absent session should be told of an event, until it takes up the session.
func (l *loop) miss(event *locktable.Event) {
	a := l.absences[event.ID.Session]
	if a == nil {
		return
	}
	switch event.Kind {
	case locktable.Lost, locktable.Evicted, locktable.TimedOut, locktable.Forbidden, locktable.ShutDown:
		if a.isOfLastRun() {
			a.missOfLastRun(event)
			return
		}
		m := core.ReplyTo(event)
		if v := l.viewOf(a.was); v.mayHide() {
			v.hideOthers(m, event, nil)
			v.hide(m)
		}
		a.keep(event.ID.N, m)
	}
}

// keep keeps a reply about the request with that number.
func (a *absence) keep(n int64, m wire.Reply) {
	if a.missed == nil {
		a.missed = make(map[int64]wire.Reply)
	}
	a.missed[n] = m
}

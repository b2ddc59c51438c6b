package broker

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/core"
	"github.com/lockbroker/lockbroker/broker/internal/fence"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// idleLoop returns a loop that does not run: tests call its steps themselves.
func idleLoop(t testing.TB) *loop {
	t.Helper()
	config, err := Config{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	l := newLoop(config, newInbox())
	l.start = time.Now()
	l.logs, l.counters = newLogLimits(newLog(config)), new(counters)
	l.supply = fence.NewSupply(fence.FromClock(), l.logs.unlimited)
	l.decideFrom(core.Beginning{First: 1})
	l.core.TokensReserved(wire.MaxInteger + 1)
	l.core.Allow(0, nil)
	return l
}

// openSession opens a session whose connection nobody reads or writes.
func openSession(l *loop, name, remote string) *session {
	_, end := net.Pipe()
	h := transport.Hijacker{ResponseWriter: pipeWriter{end: end}}
	if _, _, err := h.Hijack(); err != nil {
		panic(err)
	}
	s := &session{}
	s.connection = &connection{
		name: name, peer: wire.Peer{Remote: remote}, net: h.Conn,
		services: &services{inbox: l.inbox, counters: l.counters},
		loop:     s, out: newOutbox(l.unsent, func() {}),
	}
	l.admit(s)
	return s
}

// A pipeWriter is an http.ResponseWriter whose connection is one end of a pipe.
type pipeWriter struct {
	http.ResponseWriter
	end net.Conn
}

// Hijack implements http.Hijacker.
func (w pipeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.end, nil, nil }

// A session whose opening the loop has not handled when it stops is closed like all others: its reader
// would wait for ever, and Run with it.
func TestStopEndsSessionsThatAreOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := idleLoop(t)
		client, server := net.Pipe()
		defer func() { _ = client.Close() }()
		h := transport.Hijacker{ResponseWriter: pipeWriter{end: server}}
		if _, _, err := h.Hijack(); err != nil {
			t.Fatal(err)
		}
		s := new(session)
		s.connection = &connection{
			net: h.Conn, services: &services{inbox: l.inbox}, out: newOutbox(l.unsent, func() {}),
		}
		if !s.sendOpened() {
			t.Fatal("the inbox is closed")
		}
		if err := l.stop(); err != nil {
			t.Fatal(err)
		}
		if end := s.out.take(parcel{}).end; end == nil || end.code != wire.CloseRestart {
			t.Errorf("the session ends with %v", end)
		}
		if _, err := h.Conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("reading ended with %v", err)
		}
		if s.sendOpened() {
			t.Error("the inbox is still open")
		}
	})
}

package broker

import (
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/internal/fence"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// idleLoop returns a loop that does not run: tests call its steps themselves.
func idleLoop(t *testing.T) *loop {
	t.Helper()
	config, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	l := newLoop(config, newInbox())
	l.start = time.Now()
	l.tokens, err = fence.Start(fence.FromClock(), fence.Range, time.Minute, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	l.table = locktable.New(locktable.Config{
		FirstToken: 1, MaxRequests: 1 << 20, MaxIdle: 10_000, Grants: grantSlice, Budget: answerBudget(),
	})
	return l
}

// openSession opens a session without a connection.
func openSession(l *loop, name, remote string) *session {
	s := new(session)
	s.connection = &connection{
		name: name, peer: wire.Peer{Remote: remote}, services: &services{inbox: l.inbox},
		loop: s, out: newOutbox(l.unsent, func() {}),
	}
	l.table.Open(name, s.peer)
	l.sessions[name] = s
	l.joinShare(s)
	return s
}

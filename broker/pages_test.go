package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker/internal/fence"
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A page that was sent makes work for those who can have the next one, and not for all who wait for one.
func TestPageSentWakesFew(t *testing.T) {
	config, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	l := newLoop(config, newInbox())
	l.start = time.Now()
	l.tokens = clockTokens(t)
	l.table = locktable.New(locktable.Config{FirstToken: 1, MaxRequests: 1 << 20, MaxIdle: 10_000, Grants: grantSlice})
	const many = 10_000
	for i := range many {
		s := &session{name: fmt.Sprintf("s%07d", i), peer: wire.Peer{Remote: "192.0.2.2:1"}, out: newOutbox(l.due, func() {})}
		l.table.Open(s.name, s.peer)
		l.sessions[s.name] = s
		l.join(s)
		for n := range int64(33) {
			l.inbox.put(item{session: s, kind: itemRequest, request: &wire.Info{ID: wire.ID{Session: s.name, N: n}}})
		}
	}
	l.collect()
	for l.turns.any() {
		l.serve()
	}
	for _, s := range l.sessions {
		if s.paging {
			l.inbox.put(item{session: s, kind: itemPageSent})
			l.collect()
			break
		}
	}
	if woken := l.turns.queues[laneLong].Len(); woken == 0 || woken > 2 {
		t.Errorf("%d have their turns when one page was sent, want the next one, and the one whose page it was", woken)
	}
}

// clockTokens returns tokens from the clock.
func clockTokens(t *testing.T) *fence.Supply {
	t.Helper()
	tokens, err := fence.Start(fence.FromClock(), fence.Range, time.Minute, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

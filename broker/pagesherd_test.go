package broker

import (
	"fmt"
	"testing"
	"time"

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
	l.tokens = &tokens{limit: 1 << 50, allowed: 1 << 50}
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
	began := time.Now()
	const pages = 50
	sent := 0
	var cost int
	for _, s := range l.sessions {
		if s.paging {
			before := l.spent()
			l.inbox.put(item{session: s, kind: itemPageSent})
			l.collect()
			for l.turns.any() {
				l.serve()
			}
			cost += l.spent() - before
			if sent++; sent == pages {
				break
			}
		}
	}
	if each := time.Since(began) / time.Duration(max(sent, 1)); each > time.Millisecond {
		t.Errorf("after a page was sent the loop is busy for %v, of which it counts %d steps of 20 ns", each, cost/max(sent, 1))
	}
	t.Logf("%d pages: %v each, %d steps each; %d wait", sent, time.Since(began)/time.Duration(max(sent, 1)), cost/max(sent, 1), len(l.pages.waiting))
}

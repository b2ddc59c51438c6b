package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// The end of sessions goes on while others ask for more than the loop can do, some for much and some for little.
func TestUpkeepGoesOnUnderFloods(t *testing.T) {
	for _, many := range []int{0, 12} {
		testUpkeep(t, many)
	}
}

func testUpkeep(t *testing.T, longs int) {
	t.Helper()
	config, err := Config{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	l := newLoop(config, newInbox())
	l.start = time.Now()
	l.tokens = clockTokens(t)
	l.table = locktable.New(locktable.Config{FirstToken: 1, MaxRequests: 1 << 20, MaxIdle: 10_000, Grants: grantSlice})
	open := func(name, remote string) *session {
		s := &session{name: name, peer: wire.Peer{Remote: remote}, out: newOutbox(l.due, func() {})}
		l.table.Open(name, s.peer)
		l.sessions[name] = s
		l.join(s)
		return s
	}
	b := open("bbbbbbbb", "192.0.2.2:1")
	const many = 4000
	for n := range int64(many) {
		locks := []wire.LockSpec{{Name: fmt.Sprintf("x%d", n)}}
		l.deliver(l.table.Acquire(0, locktable.Acquire{ID: wire.ID{Session: b.name, N: n}, Locks: locks, Wait: locktable.Forever}, l.events[:0]))
	}
	var plain, long []*session
	for i := range 100 {
		plain = append(plain, open(fmt.Sprintf("plain%03d", i), "192.0.2.3:1"))
	}
	for i := range longs {
		long = append(long, open(fmt.Sprintf("long%04d", i), "192.0.2.4:1"))
	}
	sent := make(map[*session]int)
	feed := func() {
		for _, s := range plain {
			for n := 0; n < 33 && int(s.onWay.Load()) < 33; n++ {
				s.onWay.Add(1)
				l.inbox.put(item{session: s, kind: itemRequest, request: &wire.Unwatch{ID: wire.ID{Session: s.name}}})
			}
			s.out.take(parcel{})
			s.out.sent()
		}
		for _, s := range long {
			s.out.take(parcel{})
			s.out.sent()
			if s.paging && s.listing == nil {
				l.inbox.put(item{session: s, kind: itemPageSent})
			}
			if s.onWay.Load() < 2 {
				s.onWay.Add(1)
				sent[s]++
				l.inbox.put(item{session: s, kind: itemRequest, request: &wire.Info{ID: wire.ID{Session: s.name, N: int64(sent[s])}}})
			}
		}
	}
	feed()
	l.inbox.put(item{session: b, kind: itemEnded, ended: &ending{by: transport.ByFIN}})
	rounds := 0
	began := l.spent()
	for ; l.table.Held() > 0 && rounds < 2000; rounds++ {
		l.collect()
		l.tick()
		l.serve()
		l.tick()
		feed()
	}
	t.Logf("%d sessions that ask for much: %d rounds, %d steps", longs, rounds, l.spent()-began)
	if rounds > 200 {
		t.Errorf("%d are still held after %d rounds", l.table.Held(), rounds)
	}
}

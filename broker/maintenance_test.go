package broker

import (
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// The requests of ended sessions are dropped even while others send more short and long work than
// the loop can handle.
func TestMaintenanceContinuesUnderFloods(t *testing.T) {
	for _, many := range []int{0, 12} {
		testMaintenance(t, many)
	}
}

func testMaintenance(t *testing.T, longs int) {
	t.Helper()
	l := idleLoop(t)
	b := openSession(l, "bbbbbbbb", "192.0.2.2:1")
	const many = 4000
	for n := range int64(many) {
		locks := []wire.LockSpec{{Name: fmt.Sprintf("x%d", n)}}
		l.deliver(l.table.Acquire(0, locktable.Acquire{ID: wire.ID{Session: b.name, N: n}, Locks: locks,
			Wait: locktable.Forever}, l.events[:0]))
	}
	var plain, long []*session
	for i := range 100 {
		plain = append(plain, openSession(l, fmt.Sprintf("plain%03d", i), "192.0.2.3:1"))
	}
	for i := range longs {
		long = append(long, openSession(l, fmt.Sprintf("long%04d", i), "192.0.2.4:1"))
	}
	sent := make(map[*session]int)
	feed := func() {
		for _, s := range plain {
			for n := 0; n < 33 && int(s.backlog.units.Load()) < 33; n++ {
				s.sendRequest(&wire.Unwatch{ID: wire.ID{Session: s.name}})
			}
			s.out.take(parcel{})
			s.out.noteSent()
		}
		for _, s := range long {
			s.out.take(parcel{})
			s.out.noteSent()
			if s.paging && s.listing == nil {
				s.sendPageSent()
			}
			if s.backlog.units.Load() < 2 {
				sent[s]++
				s.sendRequest(&wire.Info{ID: wire.ID{Session: s.name, N: int64(sent[s])}})
			}
		}
	}
	feed()
	b.sendEnded(&ending{by: transport.ByFIN})
	rounds := 0
	began := l.spent()
	for ; l.table.Held() > 0 && rounds < 2000; rounds++ {
		l.collect()
		left := l.tick(stepsOfSlice)
		l.serve()
		l.tick(left)
		feed()
	}
	t.Logf("%d sessions with long work: %d rounds, %d steps", longs, rounds, l.spent()-began)
	if rounds > 200 {
		t.Errorf("%d are still held after %d rounds", l.table.Held(), rounds)
	}
}

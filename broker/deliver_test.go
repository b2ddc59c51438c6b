package broker

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// Without watchers, an event costs no allocation.
func TestNoAllocationsWithoutWatchers(t *testing.T) {
	l := idleLoop(t)
	l.table.Open("a", wire.Peer{})
	granted := l.table.Acquire(0, locktable.Acquire{ID: wire.ID{Session: "a"},
		Locks: []wire.LockSpec{{Name: "x"}}}, nil)[0]

	deliver := func() { l.deliver(append(l.events[:0], granted)) }
	deliver() // so that there is room for events
	if got := testing.AllocsPerRun(1000, deliver); got != 0 {
		t.Errorf("%v allocations, want none", got)
	}

	l.watch(openSession(l, "b", ""), &wire.Watch{ID: wire.ID{Session: "b"}})
	if got := testing.AllocsPerRun(1000, deliver); got == 0 {
		t.Error("no allocations with a watcher: the test tests nothing")
	}
}

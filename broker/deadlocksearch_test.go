package broker

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A search leaves marks, which are removed in slices after its answer. If another search begins before that is done,
// the session of the first is served again.
func TestSearchAfterSearch(t *testing.T) {
	l := idleLoop(t)
	sessions := make(map[string]*session)
	for _, name := range []string{"a", "b", "c", "e"} {
		sessions[name] = openSession(l, name, "192.0.2.1:1")
	}
	acquire := func(session string, n int64, lock string, parent wire.ID) {
		l.acquire(sessions[session], &wire.Acquire{
			ID: wire.ID{Session: session, N: n}, Locks: []wire.LockSpec{{Name: lock}}, Parent: parent,
		}, l.now())
	}
	acquire("c", 0, "queue", wire.ID{})
	for n := range int64(60_000) {
		acquire("b", n, "queue", wire.ID{})
	}
	acquire("a", 0, "a", wire.ID{})
	acquire("e", 0, "e", wire.ID{})
	acquire("a", 1, "queue", wire.ID{Session: "a"})
	for l.table.TouchesID(wire.ID{Session: "a", N: 1}) {
		l.search()
	}
	if l.searching != sessions["a"] || !l.core.IsSearching() {
		t.Fatal("the search has left no marks: the test tests nothing")
	}
	acquire("e", 1, "queue", wire.ID{Session: "e"})
	if l.searching != sessions["e"] || sessions["a"].searching {
		t.Error("a must wait for the search of e")
	}
}

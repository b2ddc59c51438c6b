package locktable

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A table that is saved while requests of the last run come back has not looked for deadlocks yet. The table that goes
// on with them does.
func TestSavedWhileReclaiming(t *testing.T) {
	outer, inner := wire.ID{Session: "a"}, wire.ID{Session: "a", N: 1}
	x := []wire.LockSpec{{Name: "x"}}
	first := reclaimingTable()
	_, ok := first.Reclaim(0, Saved{ID: outer, Locks: x, Token: 1}, nil)
	if !ok {
		t.Fatal("the holder is not taken in")
	}
	first.Requeue(0, Saved{ID: inner, Locks: x, Parent: outer, Wait: Forever}, nil)

	second := reclaimingTable()
	for saved := range first.Saves() {
		second.Restore(0, saved)
	}
	second.EndReclaiming()
	events := second.Allow(0, 20, nil)
	for second.IsRevisiting() {
		events = second.Revisit(0, events)
	}
	if n := len(events); n == 0 || events[n-1].ID != inner || events[n-1].Code != wire.Deadlock {
		t.Errorf("got %v, want that the request is refused", events)
	}
}

// The parent of a request may not be back when the table is saved. It is saved with the request all the same.
func TestParentSavedBeforeItIsBack(t *testing.T) {
	parent := wire.ID{Session: "b"}
	table := reclaimingTable()
	waits := Saved{ID: wire.ID{Session: "a"}, Locks: []wire.LockSpec{{Name: "x"}}, Parent: parent, Wait: Forever}
	table.Requeue(0, waits, nil)
	for saved := range table.Saves() {
		if saved.Parent != parent {
			t.Errorf("the parent is %v", saved.Parent)
		}
	}
}

// reclaimingTable returns a table that takes in requests of session a.
func reclaimingTable() *Table {
	table := New(Config{FirstToken: 10, Ceiling: 10})
	table.BeginReclaiming()
	table.Open("a", wire.Peer{})
	return table
}

package locktable

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// While a search is under way, a caller can ask which calls would finish it, and hold those back.
// Here b holds y and asks for x, which a holds; c holds z.
func TestTouches(t *testing.T) {
	table := New(Config{FirstToken: 1, MaxRequests: 10, MaxIdle: 10, Search: 8})
	in := func(session string, n int64, name string) Acquire {
		return Acquire{ID: wire.ID{Session: session, N: n}, Locks: []wire.LockSpec{{Name: name}}, Wait: Forever}
	}
	for session, name := range map[string]string{"a": "x", "b": "y", "c": "z"} {
		table.Open(session, wire.Peer{})
		table.Acquire(0, in(session, 0, name), nil)
	}
	nested := in("b", 1, "x")
	nested.Parent = wire.ID{Session: "b"}
	if touches := table.Touches(nested) || table.TouchesID(nested.Parent) || table.TouchesSession("a"); touches {
		t.Error("there is no search, and something touches it")
	}
	nested.Locks = append(nested.Locks, wire.LockSpec{Name: "new"})
	if events := table.Acquire(0, nested, nil); len(events) > 0 || !table.Searching() {
		t.Fatalf("the search is done already: %v", events)
	}

	steal := in("c", 1, "v")
	steal.Steal = true
	for name, got := range map[string]bool{
		"its lock":                table.Touches(in("c", 1, "x")),
		"its unknown name":        table.Touches(in("c", 1, "new")),
		"a nested one":            table.Touches(nested),
		"a steal":                 table.Touches(steal),
		"the holder of its lock":  table.TouchesID(wire.ID{Session: "a"}),
		"the request itself":      table.TouchesID(nested.ID),
		"the holder's session":    table.TouchesSession("a"),
		"not its parent":          !table.TouchesID(wire.ID{Session: "b"}), // no reached request waits for it
		"not another lock":        !table.Touches(in("c", 1, "z")),
		"not another name":        !table.Touches(in("c", 1, "v")),
		"not another request":     !table.TouchesID(wire.ID{Session: "c"}),
		"not another session":     !table.TouchesSession("c"),
		"not an unknown request":  !table.TouchesID(wire.ID{Session: "c", N: 7}),
		"not a session that left": !table.TouchesSession("d"),
	} {
		if !got {
			t.Errorf("wrong answer about %s", name)
		}
	}

	// A call that does not touch the search does not finish it.
	var events []Event
	events = table.Acquire(time.Second, in("c", 1, "v"), events)
	events = table.Release(time.Second, wire.ID{Session: "c"}, events)
	for _, e := range events {
		if e.ID == nested.ID {
			t.Errorf("the search was finished: %s", eventLine(e))
		}
	}
	for events = nil; table.Searching(); {
		events = table.Search(time.Second, events)
	}
	if len(events) != 1 || events[0].Kind != Queued || events[0].ID != nested.ID {
		t.Errorf("got %v", events)
	}
}

// A search that goes on in later calls does not read the locks that the caller passed to Acquire: the
// broker uses that memory for the next message.
func TestSearchKeepsNothingOfTheCaller(t *testing.T) {
	table := New(Config{FirstToken: 1, MaxRequests: 10, Search: 1})
	for n, session := range []string{"a", "b"} {
		table.Open(session, wire.Peer{})
		table.Acquire(0, Acquire{
			ID:    wire.ID{Session: session},
			Locks: []wire.LockSpec{{Name: []string{"x", "y"}[n]}},
			Wait:  Forever,
		}, nil)
	}
	nested := Acquire{
		ID:     wire.ID{Session: "b", N: 1},
		Locks:  []wire.LockSpec{{Name: "x", Mode: wire.Shared}, {Name: "z"}},
		Wait:   Forever,
		Parent: wire.ID{Session: "b"},
	}
	events := table.Acquire(0, nested, nil)
	if len(events) != 0 || !table.Searching() {
		t.Fatal("the search was over at once")
	}
	for i := range nested.Locks {
		nested.Locks[i] = wire.LockSpec{Name: "of another message"}
	}
	for table.Searching() {
		events = table.Search(0, events)
	}
	if len(events) != 1 || events[0].Kind != Queued || events[0].Lock(0) != "x" || events[0].Lock(1) != "z" {
		t.Errorf("got %+v", events)
	}
	if events = table.Release(0, wire.ID{Session: "a"}, nil); len(events) != 2 || events[1].Kind != Granted {
		t.Errorf("after the release: %+v", events)
	}
}

package locktable

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Compare tells what a client says of a request from what is true of it.
func TestCompare(t *testing.T) {
	table := New(Config{FirstToken: 1, Ceiling: 4, MaxRequests: 10, Grants: 1})
	exclusive := []wire.LockSpec{{Name: "x"}, {Name: "y"}}
	shared := []wire.LockSpec{{Name: "z", Mode: wire.Shared, Limit: wire.Some(2)}}
	otherMode := []wire.LockSpec{{Name: "x", Mode: wire.Shared}, {Name: "y"}}
	noLimit := []wire.LockSpec{{Name: "z", Mode: wire.Shared}}
	for n, a := range []Acquire{
		{Locks: exclusive}, {Locks: shared}, {Locks: shared}, {Locks: exclusive, Wait: Forever},
		{Locks: []wire.LockSpec{{Name: "z"}}, Steal: true},
	} {
		a.ID = wire.ID{Session: "a", N: int64(n)}
		if n == 0 {
			table.Open("a", wire.Peer{})
			table.Allow(0, 10, nil)
		}
		table.Acquire(0, a, nil)
	}
	for name, test := range map[string]struct {
		n     int64
		locks []wire.LockSpec
		want  Status
	}{
		"holds":              {0, exclusive, Status{Known: true, Token: 1, Same: true}},
		"another order":      {0, []wire.LockSpec{{Name: "y"}, {Name: "x"}}, Status{Known: true, Token: 1}},
		"fewer locks":        {0, exclusive[:1], Status{Known: true, Token: 1}},
		"another mode":       {0, otherMode, Status{Known: true, Token: 1}},
		"shared":             {2, shared, Status{Known: true, Token: 3, Same: true}},
		"another limit":      {2, noLimit, Status{Known: true, Token: 3}},
		"waits":              {3, exclusive, Status{Known: true, Same: true}},
		"steals":             {4, []wire.LockSpec{{Name: "z"}}, Status{Known: true, Same: true, Steals: true}},
		"the steal took it":  {1, shared, Status{}},
		"never made":         {5, exclusive, Status{}},
		"a number below all": {-1, exclusive, Status{}},
	} {
		if got := table.Compare(wire.ID{Session: "a", N: test.n}, test.locks); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
	if got := table.Compare(wire.ID{Session: "b"}, exclusive); got != (Status{}) {
		t.Errorf("another session: got %+v", got)
	}
}

// A list of requests is read on after requests of it have ended.
func TestEachRequestGoesOn(t *testing.T) {
	table := New(Config{FirstToken: 1, MaxRequests: 10})
	table.Open("a", wire.Peer{})
	for n, name := range []string{"u", "v", "w", "x"} {
		id, locks := wire.ID{Session: "a", N: int64(n)}, []wire.LockSpec{{Name: name}}
		table.Acquire(0, Acquire{ID: id, Locks: locks}, nil)
	}
	var seen []int64
	read := func(after int64, budget int) (int64, bool) {
		return table.EachRequest("a", true, after, budget, func(n int64) { seen = append(seen, n) })
	}
	after, done := read(-1, 2)
	if after != 1 || done {
		t.Fatalf("read on after %d, done %t: %v", after, done, seen)
	}
	table.Release(0, wire.ID{Session: "a", N: 0}, nil)
	table.Release(0, wire.ID{Session: "a", N: 2}, nil)
	if _, done = read(after, 2); !done || len(seen) != 3 || seen[2] != 3 {
		t.Errorf("done %t: %v", done, seen)
	}
	seen = nil
	table.Release(0, wire.ID{Session: "a", N: 1}, nil) // the one after which it goes on
	if _, done = read(after, 2); !done || len(seen) != 1 {
		t.Errorf("it does not begin again: done %t, %v", done, seen)
	}
	if _, done = table.EachRequest("b", true, -1, 1, func(int64) { t.Error("a request") }); !done {
		t.Error("there is no such session, and it is not done")
	}
}

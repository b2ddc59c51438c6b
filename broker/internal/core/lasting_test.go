package core

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A steal under way ends with its connection, also if it comes after another one and the client states it nevertheless.
// What the client states is then an ordinary request.
func TestStealsEndWithTheirConnection(t *testing.T) {
	config := Config{MaxRequests: 100, TokenRange: 100, Table: locktable.Config{MaxRequests: 100, Grants: 1}}
	m := New(config, Beginning{First: 1})
	if _, wants := m.WantsTokens(0); !wants {
		t.Fatal("no tokens are wanted")
	}
	m.TokensReserved(101)
	m.Allow(0, nil)
	for _, name := range []string{"a", "b", "c", "d"} {
		m.Open(name, wire.Peer{}, nil)
		m.Last(name, "", KeyOf(name), true)
	}
	specs := func(names string) (locks []wire.LockSpec) {
		for _, name := range names {
			locks = append(locks, wire.LockSpec{Name: string(name)})
		}
		return locks
	}
	ask := func(session string, n int64, names string, steal bool) {
		a := &wire.Acquire{ID: wire.ID{Session: session, N: n}, Locks: specs(names), Steal: steal}
		m.Acquire(0, AcquireOf(a, wire.Peer{}), nil)
	}
	for n, name := range []string{"p", "q", "r", "s", "t", "u", "x", "y"} {
		ask("b", int64(n), name, false)
	}
	ask("d", 0, "pqrstu", true)
	ask("a", 0, "xy", true)
	if status := m.Table().Compare(wire.ID{Session: "a"}, nil); !status.Steals {
		t.Fatalf("the steal is not under way: %+v", status)
	}
	m.Detach("a", 0)

	r := NewResumption(Claim{Session: "a", Keys: []Key{KeyOf("a")}})
	r.Add(&wire.Resume{Waiting: []wire.WaitingRequest{{N: 0, Locks: specs("xy")}}})
	if ok, done := m.Check(r, 10); !ok || !done {
		t.Fatalf("check: %t, %t", ok, done)
	}
	for done := false; !done; {
		_, done = m.Settle(0, r, 10, nil)
	}
	if len(r.Missing) != 1 || m.Table().OpenRequests("a") != 0 {
		t.Errorf("missing are %v, and %d are known", r.Missing, m.Table().OpenRequests("a"))
	}
	if !m.Attach(r, "c", wire.Peer{}, nil) {
		t.Error("not attached")
	}
}

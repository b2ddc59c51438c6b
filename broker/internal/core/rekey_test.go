package core

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A session on record gets its new key once this run has reserved tokens, and so spoiled the snapshot of the last run.
// That all of them are used up does not matter.
func TestRekeyNeedsNoTokenThatIsLeft(t *testing.T) {
	table := locktable.Config{MaxRequests: 10, Grants: 1}
	roll := &Roll{Sessions: []RollEntry{{Session: "a", Key: KeyOf("a")}}}
	config := Config{KeepsRecord: true, MaxRequests: 10, TokenRange: 1, Table: table}
	m := New(config, Beginning{First: 1, Roll: roll, Grace: 15})
	for _, name := range []string{"b", "c"} {
		m.Open(name, wire.Peer{}, nil)
		m.Last(name, "", KeyOf(name), true)
	}
	take := func(of, with string) bool {
		r := NewResumption(Claim{Session: of, Keys: []Key{KeyOf(of)}})
		if ok, done := m.Check(r, 10); !ok || !done {
			t.Fatalf("check: %t, %t", ok, done)
		}
		for done := false; !done; {
			_, done = m.Settle(0, r, 10, nil)
		}
		m.Rekey(r, with)
		return len(m.TakeChanges(0)) > 0
	}
	if take("a", "b") {
		t.Error("the key is changed before anything was reserved")
	}
	m.GiveUp(m.lastings.byName["a"].taker)
	m.WantsTokens(0)
	m.TokensReserved(2)
	m.Allow(0, nil)
	acquire := &wire.Acquire{ID: wire.ID{Session: "b"}, Locks: []wire.LockSpec{{Name: "x"}}}
	m.Acquire(0, AcquireOf(acquire, wire.Peer{}), nil)
	if m.HasTokens() {
		t.Fatal("tokens are left")
	}
	if !take("a", "c") {
		t.Error("the key is not changed")
	}
}

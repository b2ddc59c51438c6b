package locktable

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// If the caller breaks a rule, that is a bug. The table panics at once, instead of going wrong
// later.
func TestMisusePanics(t *testing.T) {
	for name, misuse := range map[string]func(*Table){
		"opened twice":    func(t *Table) { t.Open("a", wire.Peer{}) },
		"no such session": func(t *Table) { t.Acquire(0, Acquire{ID: wire.ID{Session: "b"}}, nil) },
		"id in use": func(t *Table) {
			t.Acquire(0, acquireOf(0, "x"), nil)
			t.Acquire(0, acquireOf(0, "y"), nil)
		},
		"leave of nothing":  func(t *Table) { t.Leave("b", 0) },
		"ceiling lowered":   func(t *Table) { t.Allow(0, 1, nil) },
		"drop before leave": func(t *Table) { t.Drop(0, "a", 1, nil) },
		"ceiling too high":  func(t *Table) { t.Allow(0, wire.MaxInteger+2, nil) },
		"time ran backward": func(t *Table) { t.Tick(2, nil); t.Tick(1, nil) },
		"old event": func(t *Table) {
			t.Acquire(0, acquireOf(0, "x"), nil)
			old := t.Release(0, acquireOf(0, "x").ID, nil)
			t.Tick(0, nil)
			t.Subject(&old[0], 0)
		},
		"old event, request used again": func(t *Table) {
			t.Acquire(0, acquireOf(0, "x"), nil)
			old := t.Release(0, acquireOf(0, "x").ID, nil)
			t.Acquire(0, acquireOf(1, "x"), nil)
			old[0].Lock(0)
		},
		"absent twice":                     func(t *Table) { t.Detach("a"); t.Detach("a") },
		"attach of one that is not absent": func(t *Table) { t.Attach("a", wire.Peer{}, nil) },
		"attach of nothing":                func(t *Table) { t.Attach("b", wire.Peer{}, nil) },
		"acquire of an absent session": func(t *Table) {
			t.Detach("a")
			t.Acquire(0, acquireOf(0, "x"), nil)
		},
		"detach of a session that has left": func(t *Table) {
			t.Acquire(0, acquireOf(0, "x"), nil)
			t.Leave("a", 0)
			t.Detach("a")
		},
		"leaving session": func(t *Table) {
			t.Acquire(0, acquireOf(0, "x"), nil)
			t.Leave("a", 0)
			t.Acquire(0, acquireOf(1, "x"), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse(newBusyTable())
		})
	}
}

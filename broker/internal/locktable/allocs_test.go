package locktable

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Steady work allocates nothing once the table knows the names and has spare requests. This is so
// if nobody else uses the locks, and also if each release hands them to a waiter.
func TestNoAllocations(t *testing.T) {
	outer := wire.ID{Session: "a", N: 0}
	shared := wire.LockSpec{Name: "x", Mode: wire.Shared}
	limited := wire.LockSpec{Name: "x", Mode: wire.Shared, Limit: wire.Some(3)}
	for _, test := range []struct {
		name    string
		acquire Acquire
	}{
		{"exclusive", Acquire{Locks: []wire.LockSpec{{Name: "x"}}, Wait: Forever}},
		{"with an author", Acquire{Locks: []wire.LockSpec{{Name: "x"}}, Wait: Forever, Author: "author"}},
		{"with deadlines", Acquire{Locks: []wire.LockSpec{{Name: "x"}}, Wait: time.Hour, Hold: time.Hour}},
		{"shared", Acquire{Locks: []wire.LockSpec{shared}, Wait: Forever}},
		{"shared with a limit", Acquire{Locks: []wire.LockSpec{limited}, Wait: Forever}},
		{"two locks", Acquire{Locks: []wire.LockSpec{{Name: "x"}, {Name: "y"}}, Wait: Forever}},
		{"nested", Acquire{Locks: []wire.LockSpec{shared}, Wait: Forever, Parent: outer}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, depth := range []int64{0, 1, 5} {
				c := newTurns(test.acquire, depth)
				if n := testing.AllocsPerRun(1000, c.turn); n != 0 {
					t.Errorf("%d others at a time: %v allocations", depth, n)
				}
			}
		})
	}
}

// turns makes requests that come and go.
type turns struct {
	table   *Table
	acquire Acquire
	depth   int64 // how many earlier requests there are when one comes
	events  []Event
}

func newTurns(a Acquire, depth int64) *turns {
	c := &turns{table: New(Config{FirstToken: 1, MaxRequests: 10, MaxIdle: 10}), acquire: a, depth: depth}
	c.table.Open("a", wire.Peer{})
	c.table.Acquire(0, Acquire{ID: wire.ID{Session: "a"}, Locks: []wire.LockSpec{{Name: "outer"}}}, nil)
	c.acquire.ID = wire.ID{Session: "a", N: 1}
	for range 100 {
		c.turn()
	}
	return c
}

// turn acquires once, and releases the request that came depth turns before.
func (c *turns) turn() {
	c.events = c.table.Acquire(0, c.acquire, c.events[:0])
	if n := c.acquire.ID.N - c.depth; n > 0 {
		c.events = c.table.Release(0, wire.ID{Session: "a", N: n}, c.events[:0])
		if c.events[0].Kind != Released {
			panic(c.events[0].Kind.String())
		}
	}
	c.acquire.ID.N++
}

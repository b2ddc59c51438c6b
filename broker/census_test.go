package broker

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A census of many sessions takes several turns of the loop, and finds the oldest requests wherever they are.
func TestCensus(t *testing.T) {
	l := idleLoop(t)
	const many = 2*censusSlice + 100
	manyClients(t, l, many)
	var names []string
	l.roster.after(0, func(s *session) bool {
		names = append(names, s.name)
		return true
	})
	acquire := func(at time.Duration, session int, lock string) {
		l.at = at
		a := locktable.Acquire{
			ID: wire.ID{Session: names[session], N: 1_000}, Locks: []wire.LockSpec{{Name: lock}}, Wait: locktable.Forever,
		}
		l.core.Acquire(at, a, nil)
	}
	acquire(1*time.Second, many-1, "x")
	acquire(2*time.Second, 0, "y")
	acquire(3*time.Second, 2*censusSlice-1, "x")
	acquire(4*time.Second, 1, "x")

	c, turns := &census{more: true}, 0
	for l.at = 10 * time.Second; c.more; turns++ {
		c.visit(l)
	}
	if turns != 3 {
		t.Errorf("%d turns, want 3", turns)
	}
	if got := c.lasts(c.holder); c.holder.ID.Session != names[many-1] || got != 9*time.Second {
		t.Errorf("the oldest holder is %v, for %v", c.holder.ID, got)
	}
	if got := c.lasts(c.waiter); c.waiter.ID.Session != names[2*censusSlice-1] || got != 7*time.Second {
		t.Errorf("the oldest waiter is %v, for %v", c.waiter.ID, got)
	}
}

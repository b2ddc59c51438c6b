package locktable

import (
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// These tests are about bounds on what one call does, because nobody else is served during it.
// The bounds are too large for a script.

// newBusyTable returns a table with a session a that may have 100,000 requests.
func newBusyTable() *Table {
	t := New(Config{FirstToken: 1, MaxRequests: 100_000, MaxIdle: 100_000})
	t.Open("a", wire.Peer{})
	return t
}

// acquireWhole acquires, and completes the search that this may begin.
func acquireWhole(t *Table, a Acquire) []Event {
	events := t.Acquire(0, a, nil)
	for t.Searching() {
		events = t.Search(0, events)
	}
	return events
}

// acquireOf returns an acquire of one lock, exclusively, by session a.
func acquireOf(n int, name string) Acquire {
	return Acquire{ID: wire.ID{Session: "a", N: int64(n)}, Wait: Forever, Locks: []wire.LockSpec{{Name: name}}}
}

// Ahead is exact up to a limit. Beyond that, it is the limit.
func TestAheadIsCountedUpToALimit(t *testing.T) {
	for _, waiters := range []int{wire.MaxAheadTold - 1, wire.MaxAheadTold, wire.MaxAheadTold + 1} {
		table := newBusyTable()
		for n := range waiters + 1 {
			table.Acquire(0, acquireOf(n, "x"), nil)
		}
		last := acquireOf(waiters+1, "x")
		last.Wait = 0
		events := table.Acquire(0, last, nil)
		if got, want := events[0].Obstacle.Ahead, min(waiters, wire.MaxAheadTold); got != want {
			t.Errorf("%d waiters: %d ahead, want %d", waiters, got, want)
		}
	}
}

// Counting the requests ahead is bounded for all locks together. Here the count never reaches the
// first waiters of y.
func TestAheadLooksAtFewPlaces(t *testing.T) {
	table := newBusyTable()
	table.Acquire(0, acquireOf(0, "y"), nil)
	const both = wire.MaxAheadTold * 3 / 5
	for n := range both {
		table.Acquire(0, acquireOf(1+n, "y"), nil)
	}
	for n := range both {
		a := acquireOf(1+both+n, "y")
		a.Locks = append(a.Locks, wire.LockSpec{Name: "x"})
		table.Acquire(0, a, nil)
	}
	last := acquireOf(1+2*both, "x")
	last.Locks = append(last.Locks, wire.LockSpec{Name: "y"})
	last.Wait = 0
	events := table.Acquire(0, last, nil)
	if got := events[0].Obstacle.Ahead; got != both {
		t.Errorf("%d ahead, want %d", got, both)
	}
}

// A deadlock search is bounded. If the bound is not enough, the request is refused, because nobody
// knows whether it could ever be granted. Nothing is left of the search.
func TestDeadlockSearchIsBounded(t *testing.T) {
	for _, waiters := range []int{searchPlaces/3 - 10, searchPlaces} {
		table := New(Config{FirstToken: 1, MaxRequests: searchPlaces * 2, MaxIdle: 10})
		table.Open("a", wire.Peer{})
		table.Acquire(0, acquireOf(0, "outer"), nil)
		for n := range waiters + 1 {
			table.Acquire(0, acquireOf(1+n, "x"), nil)
		}
		nested := acquireOf(2+waiters, "x")
		nested.Parent = wire.ID{Session: "a", N: 0}
		events := acquireWhole(table, nested)
		if refused := events[0].Code == wire.TooMany; refused != (waiters == searchPlaces) {
			t.Errorf("behind %d waiters: got %+v", waiters, events[0])
		}
		if err := check(table); err != nil {
			t.Error(err)
		}
	}
}

// nestedIn returns an acquire with a parent of the same session.
func nestedIn(session string, parent, n int, lock wire.LockSpec) Acquire {
	return Acquire{
		ID:     wire.ID{Session: session, N: int64(n)},
		Parent: wire.ID{Session: session, N: int64(parent)},
		Locks:  []wire.LockSpec{lock},
		Wait:   Forever,
	}
}

// Finding the cycle costs no more than the reduction. Here very many requests hold one lock, each
// inside the one before it, and one request waits inside the last. It is counted once as blocking
// each holder, and the search for the cycle visits each holder once.
func TestCycleThroughManyNestedRequests(t *testing.T) {
	const depth = 99_000
	table := newBusyTable()
	table.Open("b", wire.Peer{})
	table.Acquire(0, acquireOf(0, "x"), nil)
	b := acquireOf(0, "y")
	b.ID.Session = "b"
	table.Acquire(0, b, nil)
	for n := range depth {
		table.Acquire(0, nestedIn("b", n, 1+n, wire.LockSpec{Name: "s", Mode: wire.Shared}), nil)
	}
	acquireWhole(table, nestedIn("b", depth, 1+depth, wire.LockSpec{Name: "x"}))
	before := table.Cost()
	events := acquireWhole(table, nestedIn("a", 0, 1, wire.LockSpec{Name: "s"}))
	if cost := table.Cost() - before; cost > 20*depth {
		t.Errorf("it cost %d steps", cost)
	}
	if events[0].Code != wire.Deadlock || len(events[0].Cycle) != 2 {
		t.Errorf("got %+v, want a cycle of two", events[0])
	}
	if err := check(table); err != nil {
		t.Error(err)
	}
}

// When a parent ends, its nest moves to the request around it. In the long run this costs little,
// however many requests are inside, and however deep. Here a thousand requests are inside the last
// of a thousand nested ones, which end from the inside out.
func TestMovingNestsCostsLittle(t *testing.T) {
	const depth, last = 1000, 1000
	table := newBusyTable()
	table.Acquire(0, acquireOf(0, "0"), nil)
	for n := range depth {
		table.Acquire(0, nestedIn("a", n, 1+n, wire.LockSpec{Name: fmt.Sprint(1 + n)}), nil)
		table.Acquire(0, nestedIn("a", n, 2*depth+n, wire.LockSpec{Name: fmt.Sprint(2*depth + n)}), nil)
	}
	for n := range last {
		table.Acquire(0, nestedIn("a", depth, 4*depth+n, wire.LockSpec{Name: fmt.Sprint(4*depth + n)}), nil)
	}
	before := table.Cost()
	for n := depth; n > 0; n-- {
		table.Release(0, wire.ID{Session: "a", N: int64(n)}, nil)
	}
	if cost := table.Cost() - before; cost > 20*(depth+last) {
		t.Errorf("it cost %d steps", cost)
	}
	if inside := len(table.find(wire.ID{Session: "a"}).inner.requests); inside != depth+last {
		t.Errorf("%d are inside the first, want %d", inside, depth+last)
	}
	if err := check(table); err != nil {
		t.Error(err)
	}
}

// The search for a chain is bounded. Here each request waits behind the one before it, and behind
// the 61 before that.
func TestChainSearchIsBounded(t *testing.T) {
	table := newBusyTable()
	const requests, locks = 20_000, 63
	held := acquireOf(requests, "")
	held.Locks = nil
	for i := range locks {
		held.Locks = append(held.Locks, wire.LockSpec{Name: fmt.Sprint(i)})
	}
	table.Acquire(0, held, nil)
	for n := range requests {
		a := acquireOf(requests+1+n, "")
		a.Locks = nil
		for i := range locks {
			a.Locks = append(a.Locks, wire.LockSpec{Name: fmt.Sprint(n + locks - 1 - i)})
		}
		table.Acquire(0, a, nil)
	}
	last := table.find(wire.ID{Session: "a", N: 2 * requests})
	c := newChainSearch(table, last)
	c.run(last)
	if c.room != 0 {
		t.Errorf("room for %d requests is left, want none", c.room)
	}
	edges := 0
	for _, untried := range c.untried {
		edges += len(untried)
	}
	if edges > chainSearchRequests {
		t.Errorf("%d edges", edges)
	}
}

// A cycle is cut off at its end if it is larger than the budget.
func TestCycleStaysWithinBudget(t *testing.T) {
	table, last := newChain(5000)
	table.config.Budget.Chain = 1000
	table.config.Budget.StepSize = func(step *wire.Step) int { return 7 }
	events := acquireWhole(table, last)
	const reason = "waiting for lock 0 could never end: a cycle of 5000 steps, of which the first 143 are told"
	if got := events[0]; len(got.Cycle) != 143 || got.Steps != 5000 || got.Reason != reason {
		t.Errorf("got %d of %d steps, and %q", len(got.Cycle), got.Steps, got.Reason)
	}
}

package locktable

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// Bounds that are too large for a script: what one call may cost, while nobody
// else is served.

func newBusyTable() *Table {
	t := New(Config{FirstToken: 1, MaxRequests: 100_000, MaxIdle: 100_000})
	t.Open("a", wire.Peer{})
	return t
}

// acquireWhole is an acquire and the whole of the search that it may need.
func acquireWhole(t *Table, a Acquire) []Event {
	events := t.Acquire(0, a, nil)
	for t.Searching() {
		events = t.Search(0, events)
	}
	return events
}

func ask(n int, name string) Acquire {
	return Acquire{ID: wire.ID{Session: "a", N: int64(n)}, Wait: Forever, Locks: []wire.LockSpec{{Name: name}}}
}

func TestAheadIsCountedUpToALimit(t *testing.T) {
	for _, waiters := range []int{wire.MaxAheadTold - 1, wire.MaxAheadTold, wire.MaxAheadTold + 1} {
		table := newBusyTable()
		for n := range waiters + 1 {
			table.Acquire(0, ask(n, "x"), nil)
		}
		last := ask(waiters+1, "x")
		last.Wait = 0
		events := table.Acquire(0, last, nil)
		if got, want := events[0].Obstacle.Ahead, min(waiters, wire.MaxAheadTold); got != want {
			t.Errorf("%d waiters: %d ahead, want %d", waiters, got, want)
		}
	}
}

// Looking for those ahead costs so many steps only, however many locks are asked
// for: here those that wait first for y are not come to.
func TestAheadLooksAtSoManyPlaces(t *testing.T) {
	table := newBusyTable()
	table.Acquire(0, ask(0, "y"), nil)
	const both = wire.MaxAheadTold * 3 / 5
	for n := range both {
		table.Acquire(0, ask(1+n, "y"), nil)
	}
	for n := range both {
		a := ask(1+both+n, "y")
		a.Locks = append(a.Locks, wire.LockSpec{Name: "x"})
		table.Acquire(0, a, nil)
	}
	last := ask(1+2*both, "x")
	last.Locks = append(last.Locks, wire.LockSpec{Name: "y"})
	last.Wait = 0
	events := table.Acquire(0, last, nil)
	if got := events[0].Obstacle.Ahead; got != both {
		t.Errorf("%d ahead, want %d", got, both)
	}
}

// The search for a deadlock looks at so many places only. A request for which that
// is not enough is refused, for nobody knows whether it could ever be granted;
// and nothing is left of the search.
func TestDeadlockIsSearchedSoFar(t *testing.T) {
	for _, waiters := range []int{searchPlaces/3 - 10, searchPlaces} {
		table := New(Config{FirstToken: 1, MaxRequests: searchPlaces * 2, MaxIdle: 10})
		table.Open("a", wire.Peer{})
		table.Acquire(0, ask(0, "outer"), nil)
		for n := range waiters + 1 {
			table.Acquire(0, ask(1+n, "x"), nil)
		}
		nested := ask(2+waiters, "x")
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

// nestedIn is an acquire with a parent of the same session.
func nestedIn(session string, parent, n int, lock wire.LockSpec) Acquire {
	return Acquire{
		ID:     wire.ID{Session: session, N: int64(n)},
		Parent: wire.ID{Session: session, N: int64(parent)},
		Locks:  []wire.LockSpec{lock},
		Wait:   Forever,
	}
}

// To find the cycle costs no more than the search: many that hold the same lock, each inside the one before,
// are gone through once for what waits inside the last of them, and it keeps each of them once.
func TestCycleAmongManyKin(t *testing.T) {
	const kin = 99_000
	table := newBusyTable()
	table.Open("b", wire.Peer{})
	table.Acquire(0, ask(0, "x"), nil)
	b := ask(0, "y")
	b.ID.Session = "b"
	table.Acquire(0, b, nil)
	for n := range kin {
		table.Acquire(0, nestedIn("b", n, 1+n, wire.LockSpec{Name: "s", Mode: wire.Shared}), nil)
	}
	acquireWhole(table, nestedIn("b", kin, 1+kin, wire.LockSpec{Name: "x"}))
	before := table.Cost()
	events := acquireWhole(table, nestedIn("a", 0, 1, wire.LockSpec{Name: "s"}))
	if cost := table.Cost() - before; cost > 20*kin {
		t.Errorf("it cost %d steps", cost)
	}
	if events[0].Code != wire.Deadlock || len(events[0].Cycle) != 2 {
		t.Errorf("got %+v, want a cycle of two", events[0])
	}
	if err := check(table); err != nil {
		t.Error(err)
	}
}

// A nest whose parent ends goes to what is around that. It costs little in the long run, however many are inside,
// and however deep: here a thousand are inside the last of a thousand, which end from the inside out.
func TestAdoptionCostsLittle(t *testing.T) {
	const depth, kin = 1000, 1000
	table := newBusyTable()
	table.Acquire(0, ask(0, "0"), nil)
	for n := range depth {
		table.Acquire(0, nestedIn("a", n, 1+n, wire.LockSpec{Name: fmt.Sprint(1 + n)}), nil)
		table.Acquire(0, nestedIn("a", n, 2*depth+n, wire.LockSpec{Name: fmt.Sprint(2*depth + n)}), nil)
	}
	for n := range kin {
		table.Acquire(0, nestedIn("a", depth, 4*depth+n, wire.LockSpec{Name: fmt.Sprint(4*depth + n)}), nil)
	}
	before := table.Cost()
	for n := depth; n > 0; n-- {
		table.Release(0, wire.ID{Session: "a", N: int64(n)}, nil)
	}
	if cost := table.Cost() - before; cost > 20*(depth+kin) {
		t.Errorf("it cost %d steps", cost)
	}
	if inside := len(table.find(wire.ID{Session: "a"}).nest.requests); inside != depth+kin {
		t.Errorf("%d are inside the first, want %d", inside, depth+kin)
	}
	if err := check(table); err != nil {
		t.Error(err)
	}
}

// A chain looks at so many requests only: here each waits behind the one before,
// and behind 61 that came before that.
func TestChainLooksAtSoManyRequests(t *testing.T) {
	table := newBusyTable()
	const requests, locks = 20_000, 63
	held := ask(requests, "")
	held.Locks = nil
	for i := range locks {
		held.Locks = append(held.Locks, wire.LockSpec{Name: fmt.Sprint(i)})
	}
	table.Acquire(0, held, nil)
	for n := range requests {
		a := ask(requests+1+n, "")
		a.Locks = nil
		for i := range locks {
			a.Locks = append(a.Locks, wire.LockSpec{Name: fmt.Sprint(n + locks - 1 - i)})
		}
		table.Acquire(0, a, nil)
	}
	last := table.find(wire.ID{Session: "a", N: 2 * requests})
	p := newPursuit(table, last)
	p.follow(last)
	if p.room != 0 {
		t.Errorf("there is room for %d, want that it was used up", p.room)
	}
	links := 0
	for _, fork := range p.forks {
		links += len(fork)
	}
	if links > whySteps {
		t.Errorf("%d links", links)
	}
}

// A chain that would be longer than a page is cut off at its end.
func TestChainIsNotTooLong(t *testing.T) {
	const sessions = 5000 // each step has about a thousand bytes
	table, last := newChain(sessions)
	events := acquireWhole(table, last)
	size := 0
	for i := range events[0].Cycle {
		size += jsonsize.Step(&events[0].Cycle[i])
	}
	if size < chainBytes/2 || size > chainBytes+10_000 || !strings.Contains(events[0].Reason, "a cycle of 5000 steps, of which the first") {
		t.Errorf("got %d bytes, and %q", size, events[0].Reason)
	}
}

// A page compares so many names only. It may be empty then, and says where to go
// on.
func TestPageComparesSoManyNames(t *testing.T) {
	table := newBusyTable()
	const locks = 30_000
	for n := range locks {
		table.Acquire(0, ask(n, fmt.Sprintf("x/%d", n+1)), nil)
	}
	for match, most := range map[string]int64{
		"x/2999[9]": pageWork/nameWork + 1,
		"x/{29999}": pageWork/nameWork + 1,
	} {
		found, pages := 0, 0
		for q := (Query{Match: match, Max: 1000, Queue: 1}); ; pages++ {
			page, _ := table.Page(0, q, nil)
			found += len(page.Locks)
			if page.Next == 0 {
				break
			}
			if looked := page.Next - q.After; looked > most {
				t.Fatalf("%s: a page looked at %d locks", match, looked)
			}
			q.After = page.Next
		}
		if found != 1 || pages == 0 {
			t.Errorf("%s: found %d locks, on %d pages", match, found, pages)
		}
	}
	for plain, want := range map[string]int{"x/29999": 1, `x\/29999`: 1, "x/0": 0} {
		page, _ := table.Page(0, Query{Match: plain, Max: 1000, Queue: 1}, nil)
		if len(page.Locks) != want || page.Next != 0 {
			t.Errorf("%s: found %d locks, next %d", plain, len(page.Locks), page.Next)
		}
	}
}

// A page is no longer than about pageBytes, whatever people are called: lists
// are cut short, and the next page goes on with the next lock.
func TestPageIsNotTooLong(t *testing.T) {
	table := newBusyTable()
	for n := range 60_000 {
		a := ask(n, []string{"x", "y", "z"}[n%3])
		a.Author = strings.Repeat("\x01", 255)
		table.Acquire(0, a, nil)
	}
	var names []string
	q := Query{Max: 1000, Queue: wire.MaxQueue}
	for pages := 1; ; pages++ {
		page, _ := table.Page(0, q, nil)
		length := 0
		for _, l := range page.Locks {
			names = append(names, l.Name)
			for _, info := range append(l.Holders, l.Waiters...) {
				length += jsonsize.Request(&info)
			}
			if l.Holding != 1 || l.Waiting != 19_999 {
				t.Errorf("%s: %d hold, %d wait", l.Name, l.Holding, l.Waiting)
			}
		}
		if length > pageBytes+10_000 {
			t.Errorf("page %d has %d bytes", pages, length)
		}
		if page.Next == 0 {
			break
		}
		q.After = page.Next
	}
	if got := strings.Join(names, " "); got != "x y z" {
		t.Errorf("got %s", got)
	}
}

// Lists that do not fit a page go on in the next ones, until all have been listed
// once, in order: also where the holders leave no room for a waiter.
func TestListsGoOn(t *testing.T) {
	table := newBusyTable()
	const half = 10_000
	for n := range 2 * half {
		a := ask(n, "x")
		if n < half {
			a.Locks[0].Mode = wire.Shared
		}
		table.Acquire(0, a, nil)
	}
	pages, listed := 0, 0
	for q := (Query{Max: 1, Queue: wire.MaxQueue, Seq: 1}); ; pages++ {
		page, _ := table.Page(0, q, nil)
		l := page.Locks[0]
		if l.Holding != half || l.Waiting != half || jsonsize.Lock(&l) > pageBytes+10_000 {
			t.Fatalf("page %d: %d hold, %d wait, in %d bytes", pages, l.Holding, l.Waiting, jsonsize.Lock(&l))
		}
		if pages == 0 && (l.HoldersNext.IsZero() || l.WaitersNext != wire.Some[int64](0)) {
			t.Errorf("the first page goes on with holders at %v, waiters at %v", l.HoldersNext, l.WaitersNext)
		}
		for _, info := range append(l.Holders, l.Waiters...) {
			if info.ID.N != int64(listed) {
				t.Fatalf("page %d: listed %s after %d others", pages, info.ID, listed)
			}
			listed++
		}
		q.HoldersAfter, q.WaitersAfter = l.HoldersNext, l.WaitersNext
		if q.HoldersAfter.IsZero() && q.WaitersAfter.IsZero() {
			break
		}
	}
	if listed != 2*half || pages < 2 {
		t.Errorf("listed %d on %d pages", listed, pages+1)
	}
}

// To where a list goes on it is so far at most that nobody has to wait for it.
func TestListsGoOnWithinBounds(t *testing.T) {
	c := newCrowd(pageWalk + 2)
	inside := func(after int64) Page {
		page, _ := c.table.Page(0, Query{Max: 1, Queue: 1, Seq: 1, WaitersAfter: wire.Some(after)}, nil)
		return page
	}
	// The holder was the first to arrive, so there are as many waiters before that place.
	if page := inside(pageWalk + 1); page.TooFar || page.Locks[0].Waiters[0].ID.N != pageWalk+1 {
		t.Errorf("as deep as allowed: %+v", page)
	}
	if page := inside(pageWalk + 2); !page.TooFar {
		t.Error("deeper than allowed: no refusal")
	}
}

// On the long way to where a list goes on others are served. Whoever leaves the list
// meanwhile, and comes again at its end, makes no difference.
func TestListsGoOnThoughTheyChange(t *testing.T) {
	const waiters, after = 5 * walkSlice, 3 * walkSlice
	for name, leave := range map[string]struct{ from, to int }{
		"nobody":                {0, 0},
		"where the walk is":     {walkSlice - 3, walkSlice + 3},
		"and a mark before":     {walkSlice - markEvery - 3, walkSlice + 3},
		"all up to there":       {1, walkSlice + 3},
		"what is looked for":    {after - 10, after + 10},
		"all that is walked to": {1, after + 10},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCrowd(waiters)
			p := c.table.BeginPage(Query{Max: 1, Queue: 2, Seq: 1, WaitersAfter: wire.Some[int64](after)})
			if done, _ := p.Step(0, nil); done {
				t.Fatal("it was not far")
			}
			for n := leave.from; n < leave.to; n++ {
				c.events = c.table.Cancel(0, wire.ID{Session: "a", N: int64(n)}, c.events[:0])
				c.join()
			}
			steps := 1
			for done := false; !done; steps++ {
				done, _ = p.Step(0, nil)
			}
			// The nth request to come has the rank n+1.
			if got, want := p.Page.Locks[0].Waiters[0].ID.N, int64(max(after, leave.to)); got != want {
				t.Errorf("goes on with %d, want %d", got, want)
			}
			if steps > 5 {
				t.Errorf("it took %d steps", steps)
			}
		})
	}
}

// A broken promise of the caller's is a bug, and stops the program at once
// instead of going wrong later.
func TestMisusePanics(t *testing.T) {
	for name, misuse := range map[string]func(*Table){
		"opened twice":      func(t *Table) { t.Open("a", wire.Peer{}) },
		"no such session":   func(t *Table) { t.Acquire(0, Acquire{ID: wire.ID{Session: "b"}}, nil) },
		"id in use":         func(t *Table) { t.Acquire(0, ask(0, "x"), nil); t.Acquire(0, ask(0, "y"), nil) },
		"leave of nothing":  func(t *Table) { t.Leave("b", 0) },
		"ceiling lowered":   func(t *Table) { t.Allow(0, 1, nil) },
		"drop before leave": func(t *Table) { t.Drop(0, "a", 1, nil) },
		"ceiling too high":  func(t *Table) { t.Allow(0, wire.MaxInteger+2, nil) },
		"time ran backward": func(t *Table) { t.Tick(2, nil); t.Tick(1, nil) },
		"old event": func(t *Table) {
			t.Acquire(0, ask(0, "x"), nil)
			old := t.Release(0, ask(0, "x").ID, nil)
			t.Tick(0, nil)
			t.Subject(&old[0], 0)
		},
		"old event, request used again": func(t *Table) {
			t.Acquire(0, ask(0, "x"), nil)
			old := t.Release(0, ask(0, "x").ID, nil)
			t.Acquire(0, ask(1, "x"), nil)
			old[0].Lock(0)
		},
		"leaving session": func(t *Table) {
			t.Acquire(0, ask(0, "x"), nil)
			t.Leave("a", 0)
			t.Acquire(0, ask(1, "x"), nil)
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

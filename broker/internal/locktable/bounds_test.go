package locktable

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Bounds that are too large for a script: what one call may cost, while nobody
// else is served.

func newBusyTable() *Table {
	t := New(Config{FirstToken: 1, MaxRequests: 100_000, MaxIdle: 100_000})
	t.Open("a", wire.Peer{})
	return t
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

// A page compares so many names only. It may be empty then, and says where to go
// on.
func TestPageComparesSoManyNames(t *testing.T) {
	table := newBusyTable()
	const locks = 30_000
	for n := range locks {
		table.Acquire(0, ask(n, fmt.Sprintf("x/%d", n+1)), nil)
	}
	for match, most := range map[string]int64{
		"x/29999":   pageWork/100 + 1,
		"x/{29999}": pageWork/100 + 1,
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
				length += info.Size()
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

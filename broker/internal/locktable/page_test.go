package locktable

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// The number of names that a page compares is bounded. The page may be empty then, and says where
// to continue.
func TestPageComparesFewNames(t *testing.T) {
	table := newBusyTable()
	const locks = 30_000
	for n := range locks {
		table.Acquire(0, acquireOf(n, fmt.Sprintf("x/%d", n+1)), nil)
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

// The work of hiding is bounded too, for locks that may not be listed and for the requests of one lock.
// The pages together have everything, even if one check takes more than a page may.
func TestPageHidesFewNames(t *testing.T) {
	for _, costly := range []int{pageWork / 8, 2 * pageWork} {
		testPageHidesFewNames(t, costly)
	}
}

func testPageHidesFewNames(t *testing.T, costly int) {
	const locks, waiters = 100, 100
	table := newBusyTable()
	for n := range locks {
		table.Acquire(0, acquireOf(n, fmt.Sprintf("x/%d", n)), nil)
	}
	for n := range waiters {
		table.Acquire(0, acquireOf(locks+n, "x/50"), nil)
	}
	looked, listed, described := 0, 0, 0
	q := Query{Max: 1000, Queue: wire.MaxQueue}
	q.Visible = func(name string) (bool, int) {
		looked++
		return name == "x/50", costly
	}
	q.Hide = func(*wire.RequestInfo) int { return costly }
	next := func() Page {
		looked = 0
		page, _ := table.Page(0, q, nil)
		if most := pageWork/costly + 2; looked > most {
			t.Fatalf("a page looked at %d locks, want at most %d", looked, most)
		}
		for _, l := range page.Locks {
			if listed++; len(l.Waiters) > pageWork/costly+1 {
				t.Fatalf("a page hid something in %d requests", len(l.Waiters))
			}
			described += len(l.Waiters)
		}
		return page
	}
	var found wire.LockInfo
	for {
		page := next()
		if len(page.Locks) > 0 {
			found = page.Locks[0]
		}
		if q.After = page.Next; q.After == 0 {
			break
		}
	}
	if listed != 1 {
		t.Errorf("listed %d locks", listed)
	}
	for q.Seq = found.Seq; !found.WaitersNext.IsZero(); found = next().Locks[0] {
		if q.WaitersAfter = found.WaitersNext; listed > 1+waiters {
			t.Fatal("the pages have no end")
		}
	}
	if described != waiters {
		t.Errorf("described %d waiters, want %d", described, waiters)
	}
}

// A page stays within its budget, in the unit of the caller. Lists are cut, and the next page
// continues with the next lock.
func TestPageStaysWithinBudget(t *testing.T) {
	const author, page = 255, 256_000
	table := newBusyTable()
	budget := &table.config.Budget
	budget.Page = page
	budget.LockSize = func(l *wire.LockInfo) int { return len(l.Name) }
	budget.RequestSize = func(r *wire.RequestInfo) int { return len(r.Author) }
	for n := range 60_000 {
		a := acquireOf(n, []string{"x", "y", "z"}[n%3])
		a.Author = strings.Repeat("a", author)
		table.Acquire(0, a, nil)
	}
	var names []string
	q := Query{Max: 1000, Queue: wire.MaxQueue}
	for pages := 1; ; pages++ {
		p, _ := table.Page(0, q, nil)
		size := 0
		for _, l := range p.Locks {
			names = append(names, l.Name)
			size += len(l.Name) + author*(len(l.Holders)+len(l.Waiters))
			if l.Holding != 1 || l.Waiting != 19_999 {
				t.Errorf("%s: %d hold, %d wait", l.Name, l.Holding, l.Waiting)
			}
		}
		if size < page || size >= page+author {
			t.Errorf("page %d has size %d, want just enough to reach %d", pages, size, page)
		}
		if p.Next == 0 {
			break
		}
		q.After = p.Next
	}
	if got := strings.Join(names, " "); got != "x y z" {
		t.Errorf("got %s", got)
	}
}

// Locks count against the budget of a page, too, whether they are in use or not. A lock that comes
// when the budget is used up begins the next page, and is described there in full.
func TestPageOfManyLocksStaysWithinBudget(t *testing.T) {
	const locks, budget = 60, 20 // each lock counts as 1, and so does each request
	table := newBusyTable()
	table.config.Budget.Page = budget
	for n := range locks {
		table.Acquire(0, acquireOf(n, fmt.Sprintf("x/%d", n)), nil)
	}
	list := func(q Query, locksOnPage, holders int) {
		t.Helper()
		for first := 1; first <= locks; first += locksOnPage {
			page, _ := table.Page(0, q, nil)
			if len(page.Locks) != locksOnPage || page.Locks[0].Seq != int64(first) {
				t.Fatalf("the page that begins with lock %d has %d locks, want %d",
					first, len(page.Locks), locksOnPage)
			}
			for _, l := range page.Locks {
				if len(l.Holders) != holders {
					t.Errorf("%s has %d holders, want %d", l.Name, len(l.Holders), holders)
				}
			}
			q.After = page.Next
		}
		if q.After != 0 {
			t.Errorf("the last page continues after %d", q.After)
		}
	}
	list(Query{Max: 1000, Queue: 1}, budget/2, 1)
	for n := range locks {
		table.Release(0, wire.ID{Session: "a", N: int64(n)}, nil)
	}
	list(Query{Max: 1000, Queue: 1, Empty: true}, budget, 0)
}

// Lists that do not fit on a page continue on the next ones, until all requests have been listed
// once, in order. This is so even if the holders leave no room for a waiter.
func TestListsContinue(t *testing.T) {
	table := newBusyTable()
	const half = 10_000
	for n := range 2 * half {
		a := acquireOf(n, "x")
		if n < half {
			a.Locks[0].Mode = wire.Shared
		}
		table.Acquire(0, a, nil)
	}
	q := Query{Max: 1, Queue: wire.MaxQueue, Seq: 1}
	page, _ := table.Page(0, q, nil)
	if l := page.Locks[0]; l.HoldersNext.IsZero() || l.WaitersNext != wire.Some[int64](0) {
		t.Errorf("the first page continues with holders at %v, waiters at %v", l.HoldersNext, l.WaitersNext)
	}
	pages, listed := 0, 0
	for more := true; more; pages++ {
		page, _ := table.Page(0, q, nil)
		l := page.Locks[0]
		infos := slices.Concat(l.Holders, l.Waiters)
		if l.Holding != half || l.Waiting != half || len(infos) > defaultPageBudget {
			t.Fatalf("page %d: %d hold, %d wait, %d are listed", pages, l.Holding, l.Waiting, len(infos))
		}
		for _, info := range infos {
			if info.ID.N != int64(listed) {
				t.Fatalf("page %d: listed %s after %d others", pages, info.ID, listed)
			}
			listed++
		}
		q.HoldersAfter, q.WaitersAfter = l.HoldersNext, l.WaitersNext
		more = !q.HoldersAfter.IsZero() || !q.WaitersAfter.IsZero()
	}
	if listed != 2*half || pages < 3 {
		t.Errorf("listed %d on %d pages", listed, pages)
	}
}

// The place where a list continues may not be too deep inside a lock, or others would wait long.
func TestListsContinueWithinBounds(t *testing.T) {
	c := newCrowd(pageWalk + 2)
	inside := func(after int64) Page {
		page, _ := c.table.Page(0, Query{Max: 1, Queue: 1, Seq: 1, WaitersAfter: wire.Some(after)}, nil)
		return page
	}
	// The holder was the first to arrive, so pageWalk waiters come before the one with arrival
	// pageWalk+2.
	if page := inside(pageWalk + 1); page.TooFar || page.Locks[0].Waiters[0].ID.N != pageWalk+1 {
		t.Errorf("as deep as allowed: %+v", page)
	}
	if page := inside(pageWalk + 2); !page.TooFar {
		t.Error("deeper than allowed: no refusal")
	}
}

// A list may continue far inside a lock, and others are served during the walk there. Requests that
// leave the list meanwhile, and come again at its end, make no difference.
func TestListsContinueAsTheyChange(t *testing.T) {
	const waiters, after = 5 * walkSlice, 3 * walkSlice
	for name, leave := range map[string]struct{ from, to int }{
		"nobody leaves":                      {0, 0},
		"the place of the walk":              {walkSlice - 3, walkSlice + 3},
		"the bookmark before it, too":        {walkSlice - bookmarkEvery - 3, walkSlice + 3},
		"all up to the place of the walk":    {1, walkSlice + 3},
		"the place where the list continues": {after - 10, after + 10},
		"all up to where the list continues": {1, after + 10},
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
			// The nth request to arrive has the rank n+1.
			if got, want := p.Page.Locks[0].Waiters[0].ID.N, int64(max(after, leave.to)); got != want {
				t.Errorf("continues with %d, want %d", got, want)
			}
			if steps > 5 {
				t.Errorf("it took %d steps", steps)
			}
		})
	}
}

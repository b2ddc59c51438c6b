package locktable

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// checkStatistics counts what Statistics returns, and looks for the oldest request of each session.
func checkStatistics(t *Table) error {
	var want Statistics
	for r := range t.allRequests() {
		if r.state == holding {
			want.Holding++
		} else {
			want.Waiting++
		}
	}
	for _, l := range t.locks.all() {
		if t.unused(l) {
			want.Remembered++
		} else {
			want.Locks++
		}
	}
	for _, s := range t.sessions.All() {
		if s.keepIndex >= 0 {
			want.Kept++
		}
	}
	if got := t.Statistics(); got != want {
		return fmt.Errorf("statistics: %+v, want %+v", got, want)
	}
	return checkOldest(t)
}

// checkOldest looks for the oldest request of each session in each state.
func checkOldest(t *Table) error {
	type key struct {
		session *session
		holds   bool
	}
	oldest := map[key]time.Duration{}
	for r := range t.allRequests() {
		k := key{r.session, r.state == holding}
		if since, some := oldest[k]; !some || r.since < since {
			oldest[k] = r.since
		}
	}
	for name, s := range t.sessions.All() {
		waiter, holder := t.Oldest(name)
		for holds, got := range map[bool]Age{false: waiter, true: holder} {
			since, some := oldest[key{s, holds}]
			if got.ID.IsZero() == some || got.Since != since {
				const format = "oldest of %s, holding %v: %+v, want since %v"
				return fmt.Errorf(format, name, holds, got, since)
			}
		}
	}
	return nil
}

// Oldest, UsersOf and Describe say who has a lock, who waits, and since when.
func TestStatistics(t *testing.T) {
	table := newBusyTable()
	table.Acquire(1*time.Second, acquireOf(1, "x"), nil)
	table.Acquire(2*time.Second, acquireOf(2, "x"), nil)
	table.Acquire(3*time.Second, acquireOf(3, "x"), nil)
	table.Acquire(4*time.Second, acquireOf(4, "y"), nil)

	waiter, holder := table.Oldest("a")
	if want := (Age{wire.ID{Session: "a", N: 2}, 2 * time.Second}); waiter != want {
		t.Errorf("the oldest waiter is %v, want %v", waiter, want)
	}
	if want := (Age{wire.ID{Session: "a", N: 1}, time.Second}); holder != want {
		t.Errorf("the oldest holder is %v, want %v", holder, want)
	}
	if holding, waiting := table.UsersOf("x"); holding != 1 || waiting != 2 {
		t.Errorf("%d hold x and %d wait, want 1 and 2", holding, waiting)
	}
	if got := table.Statistics(); got.Waiting != 2 || got.Holding != 2 || got.Locks != 2 {
		t.Errorf("%+v", got)
	}
	if r, found := table.Describe(waiter.ID); !found || r.DurationMS != 2000 || r.Locks[0] != "x" {
		t.Errorf("%+v, %v", r, found)
	}

}

// What has ended is no longer counted, and not described.
func TestStatisticsAfterTheEnd(t *testing.T) {
	table := newBusyTable()
	table.Acquire(1*time.Second, acquireOf(1, "x"), nil)
	table.Acquire(2*time.Second, acquireOf(2, "x"), nil)
	_, holder := table.Oldest("a")
	for _, n := range []int{1, 2} {
		table.Cancel(5*time.Second, acquireOf(n, "").ID, nil)
	}
	if waiter, _ := table.Oldest("a"); waiter != (Age{}) {
		t.Errorf("nobody waits, but the oldest waiter is %v", waiter)
	}
	if _, found := table.Describe(holder.ID); found {
		t.Error("it describes a request that has ended")
	}
	if holding, waiting := table.UsersOf("x"); holding != 0 || waiting != 0 {
		t.Errorf("%d hold x and %d wait, want nobody", holding, waiting)
	}
}

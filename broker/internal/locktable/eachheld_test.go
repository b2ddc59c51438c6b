package locktable

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// EachHeld visits every lock that a session holds, in slices. It leaves out what waits, and what others
// hold. If the place where it stopped is gone, it is done.
func TestEachHeld(t *testing.T) {
	table := newBusyTable()
	var want []string
	for n := range 100 {
		a := acquireOf(n, fmt.Sprintf("x/%d", n))
		a.Locks = append(a.Locks, wire.LockSpec{Name: fmt.Sprintf("y/%d", n)})
		table.Acquire(0, a, nil)
		want = append(want, a.Locks[0].Name, a.Locks[1].Name)
	}
	table.Acquire(0, acquireOf(100, "x/5"), nil) // waits
	const session = "a"
	var got []string
	visit := func(lock string, mode wire.Mode) {
		if mode.String() != "exclusive" {
			t.Errorf("%s: mode %v", lock, mode)
		}
		got = append(got, lock)
	}
	after, done, turns := int64(-1), false, 0
	for ; !done; turns++ {
		after, done = table.EachHeld(session, after, 11, visit)
	}
	if !slices.Equal(got, want) || turns < 10 {
		t.Errorf("visited %d locks in %d turns, want %d: %q", len(got), turns, len(want), got)
	}
	table.Release(0, acquireOf(50, "").ID, nil)
	if _, done := table.EachHeld(session, 50, 11, visit); !done {
		t.Error("it goes on after a request that has ended")
	}
	if _, done := table.EachHeld("nobody", -1, 11, visit); !done {
		t.Error("it goes on with a session that is not known")
	}
}

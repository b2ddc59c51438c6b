package locktable

import (
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestBytes compares Bytes with the memory that a table takes, for requests of all kinds.
func TestBytes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("pointers have another size here")
	}
	long := strings.Repeat("n", 490)
	for _, test := range []struct {
		name string
		n    int
		make func(i int, a *Acquire)
	}{
		{"held", 100_000, func(i int, a *Acquire) { a.Locks[0].Name = nameOf(i) }},
		{"waiters", 100_000, func(_ int, a *Acquire) { a.Locks[0].Name = nameOf(0) }},
		{"long names", 50_000, func(i int, a *Acquire) { a.Locks[0].Name = nameOf(i) + long }},
		{"authors and deadlines", 50_000, func(i int, a *Acquire) {
			a.Locks[0].Name, a.Author, a.Hold = nameOf(i), strings.Repeat("a", 256), time.Hour
		}},
		{"waiters with deadlines", 100_000, func(i int, a *Acquire) {
			a.Locks[0].Name, a.Wait = nameOf(i%100), time.Hour
		}},
		{"several locks", 5_000, func(i int, a *Acquire) {
			for n := range 32 {
				a.Locks = append(a.Locks, wire.LockSpec{Name: nameOf(32*i + n)})
			}
			a.Locks = a.Locks[1:]
		}},
		{"limited", 100_000, func(i int, a *Acquire) {
			a.Locks[0] = wire.LockSpec{Name: nameOf(i), Mode: wire.Shared, Limit: wire.Some(2)}
		}},
		{"nested", 50_000, func(i int, a *Acquire) {
			a.Locks[0].Name = nameOf(i)
			if i%2 == 1 {
				a.Parent = wire.ID{Session: "a", N: int64(i - 1)}
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := liveBytes()
			table := New(Config{FirstToken: 1, MaxRequests: test.n, MaxIdle: 10})
			table.Open("a", wire.Peer{})
			for i := range test.n {
				a := acquireOf(i, "")
				test.make(i, &a)
				for n := range a.Locks { // as the broker decodes them: each name is a string of its own
					a.Locks[n].Name = strings.Clone(a.Locks[n].Name)
				}
				a.Author = strings.Clone(a.Author)
				table.Acquire(0, a, nil)
			}
			heap := liveBytes() - before
			ratio := float64(table.Bytes()) / heap
			t.Logf("%.0f bytes each, estimated %.2f times as many", heap/float64(test.n), ratio)
			if ratio < 0.85 || ratio > 1.2 {
				t.Error("want 0.85 to 1.2 times as many")
			}
			runtime.KeepAlive(table)
		})
	}
}

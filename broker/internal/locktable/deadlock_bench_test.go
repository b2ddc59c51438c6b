package locktable

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// BenchmarkDeadlock measures the search in a chain of sessions. Each holds a lock and waits for the
// lock of the next. The last one waits for nobody.
func BenchmarkDeadlock(b *testing.B) {
	for _, sessions := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprint(sessions), func(b *testing.B) {
			table, last := newChain(sessions)
			b.ReportAllocs()
			for b.Loop() {
				events := acquireWhole(table, last)
				if events[0].Code != wire.Deadlock {
					b.Fatal(events[0])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/search")
		})
	}
}

// newChain returns a table with such a chain, and the acquire that would make it a cycle.
func newChain(sessions int) (*Table, Acquire) {
	t := New(Config{FirstToken: 1, MaxRequests: 100_000, MaxIdle: 1})
	lock := func(n int) []wire.LockSpec { return []wire.LockSpec{{Name: fmt.Sprint("lock ", n%sessions)}} }
	nested := func(n int) Acquire {
		session := fmt.Sprint(n)
		return Acquire{
			ID: wire.ID{Session: session, N: 1}, Parent: wire.ID{Session: session},
			Locks: lock(n + 1), Wait: Forever,
		}
	}
	for n := range sessions {
		t.Open(fmt.Sprint(n), wire.Peer{})
		t.Acquire(0, Acquire{ID: wire.ID{Session: fmt.Sprint(n)}, Locks: lock(n), Wait: Forever}, nil)
	}
	for n := range sessions - 1 { // in this order no search has to go far
		acquireWhole(t, nested(n))
	}
	return t, nested(sessions - 1)
}

// BenchmarkPlain compares hand-offs that are not nested in an empty table and in a table where
// 10,000 sessions wait for one another. The two take turns.
func BenchmarkPlain(b *testing.B) {
	const turn = 1000
	chain, _ := newChain(10_000)
	crowds := []*crowd{newCrowd(1), newCrowdIn(chain, 1)}
	var took [2]time.Duration
	for b.Loop() {
		for i, c := range crowds {
			start := time.Now()
			for range turn {
				c.handOff()
			}
			took[i] += time.Since(start)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[0].Nanoseconds())/float64(b.N*turn), "ns/hand-off")
	b.ReportMetric(float64(took[1])/float64(took[0]), "x-nested")
}

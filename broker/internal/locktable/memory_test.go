package locktable

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// How much memory a lock that is held and a request that waits take, beyond the
// bytes of the name.

// sessionRequests is how many requests a session may have by default.
const sessionRequests = 100_000

// A load is a table with so many requests, one lock each.
type load struct {
	name string
	lock func(i int) string // which the i-th request asks for
	most float64            // bytes for each
}

func nameOf(i int) string { return fmt.Sprintf("lock/%011d", i) }

func loads() []load {
	return []load{
		{name: "held", lock: nameOf, most: 250},
		{name: "waiter", lock: func(int) string { return nameOf(0) }, most: 200},
		{name: "waiter-of-1000", lock: func(i int) string { return nameOf(i % 1000) }, most: 200},
	}
}

// fill fills a table with n requests.
func (l load) fill(n int) *Table {
	t := New(Config{FirstToken: 1, MaxRequests: sessionRequests, MaxIdle: 10})
	var events []Event
	spec := make([]wire.LockSpec, 1)
	var session string
	for i := range n {
		if i%sessionRequests == 0 {
			session = fmt.Sprintf("session%d", i)
			t.Open(session, wire.Peer{})
		}
		spec[0].Name = l.lock(i)
		a := Acquire{ID: wire.ID{Session: session, N: int64(i % sessionRequests)}, Locks: spec, Wait: Forever}
		events = t.Acquire(0, a, events[:0])
	}
	return t
}

// bytesEach is how many bytes each of n requests takes, without the names.
func (l load) bytesEach(n int) float64 {
	before := liveBytes()
	t := l.fill(n)
	grown := liveBytes() - before
	for name := range t.locks.all() {
		grown -= float64(len(name))
	}
	return grown / float64(n)
}

func liveBytes() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkMemory tells the bytes for each of a million. Its time says nothing.
func BenchmarkMemory(b *testing.B) {
	for _, l := range loads() {
		b.Run(l.name, func(b *testing.B) {
			var bytes float64
			for b.Loop() {
				bytes = l.bytesEach(1_000_000)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(bytes, "bytes/"+l.name)
		})
	}
}

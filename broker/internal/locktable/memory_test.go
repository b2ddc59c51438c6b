package locktable

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// These tests bound the memory of a held lock and of a waiting request, not counting the bytes of the
// name.

// sessionRequests is how many requests a session may have by default.
const sessionRequests = 100_000

// A load describes a table whose requests have one lock each.
type load struct {
	name  string
	lock  func(i int) string // the name of the lock of the ith request
	most  float64            // the most bytes for each request
	tests []int              // how many requests there are in each test
}

func nameOf(i int) string { return fmt.Sprintf("lock/%011d", i) }

func loads() []load {
	return []load{
		// A map has the most unused memory when it has just grown, as it has at 122,500.
		{"held", nameOf, 250, []int{100_000, 122_500}},
		{"waiter", func(int) string { return nameOf(0) }, 200, []int{50_000}},
		{"waiter-of-1000", func(i int) string { return nameOf(i % 1000) }, 200, []int{50_000}},
	}
}

// fill returns a table with n requests.
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

// bytesEach returns how many bytes each of n requests takes, not counting the names.
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

// TestMemory bounds what BenchmarkMemory reports, for fewer requests.
func TestMemory(t *testing.T) {
	for _, l := range loads() {
		for _, n := range l.tests {
			if bytes := l.bytesEach(n); bytes > l.most {
				t.Errorf("%s: %.1f bytes for each of %d, want at most %.0f", l.name, bytes, n, l.most)
			} else {
				t.Logf("%s: %.1f bytes for each of %d", l.name, bytes, n)
			}
		}
	}
}

// The types of which there are most fill their memory exactly: Go allocates objects of these sizes.
// One more field may cost 16 bytes for each.
func TestSizes(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		if os.Getenv("CI") != "" {
			t.Fatal("nothing was tested, because pointers have another size here")
		}
		t.Skip("pointers have another size here")
	}
	for _, test := range []struct {
		of         string
		size, want uintptr
	}{
		{"request", unsafe.Sizeof(request{}), 112},
		{"extra", unsafe.Sizeof(extra{}), 80},
		{"lock", unsafe.Sizeof(lock{}), 64},
		{"chunk", unsafe.Sizeof(chunk{}), 256},
	} {
		if test.size != test.want {
			t.Errorf("a %s has %d bytes, want %d", test.of, test.size, test.want)
		}
	}
}

// After a rush a table keeps little memory for the next requests.
func TestMemoryShrinksAfterRush(t *testing.T) {
	const n, most = 100_000, 500_000
	before := liveBytes()
	table := New(Config{FirstToken: 1, MaxRequests: n, MaxIdle: 10})
	table.Open("a", wire.Peer{})
	for i := range n {
		a := acquireOf(i, nameOf(i%1000))
		a.Author, a.Wait, a.Hold = "author", time.Hour, time.Hour
		a.Locks[0].Mode, a.Locks[0].Limit = wire.Shared, wire.Some(1+i%1000%2*n)
		table.Acquire(0, a, nil)
	}
	table.Leave("a", 0)
	for done := false; !done; {
		_, done = table.Drop(0, "a", 1000, nil)
	}
	table.Tick(0, nil)
	if kept := liveBytes() - before; kept > most {
		t.Errorf("%.0f bytes are kept, want at most %d", kept, most)
	}
	if err := cmp.Or(checkEmpty(table), check(table)); err != nil {
		t.Error(err)
	}
}

// After a rush of many names and sessions a table keeps little memory, too, while a session that was
// part of the rush stays open.
func TestIndexesShrinkAfterRush(t *testing.T) {
	const sessions, each, most = 1000, 200, 300_000
	before := liveBytes()
	table := New(Config{FirstToken: 1, MaxRequests: each, MaxIdle: 10})
	for s := range sessions {
		name := fmt.Sprintf("session%d", s)
		table.Open(name, wire.Peer{})
		for i := range each {
			spec := []wire.LockSpec{{Name: nameOf(s*each + i)}}
			table.Acquire(0, Acquire{ID: wire.ID{Session: name, N: int64(i)}, Locks: spec}, nil)
		}
	}
	for s := range sessions {
		name := fmt.Sprintf("session%d", s)
		if s == 0 {
			for i := range each {
				table.Release(0, wire.ID{Session: name, N: int64(i)}, nil)
			}
			continue
		}
		table.Leave(name, 0)
		for done := false; !done; {
			_, done = table.Drop(0, name, 1000, nil)
		}
	}
	table.Tick(0, nil)
	if kept := liveBytes() - before; kept > most {
		t.Errorf("%.0f bytes are kept, want at most %d", kept, most)
	}
	if err := check(table); err != nil {
		t.Error(err)
	}
	table.Leave("session0", 0)
}

// BenchmarkMemory reports the bytes for each of a million requests. Its time means nothing.
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

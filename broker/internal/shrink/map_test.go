package shrink

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"testing"
)

// A Map has the same entries as a Go map, whatever comes and goes.
func TestLikeAGoMap(t *testing.T) {
	var m Map[int, int]
	want := make(map[int]int)
	random := rand.New(rand.NewPCG(1, 2))
	for step := range 200_000 {
		key, growing := random.IntN(5000), step/20_000%2 == 0
		if growing == (random.IntN(4) > 0) {
			m.Set(key, step)
			want[key] = step
		} else {
			m.Delete(key)
			delete(want, key)
		}
		if value := m.Get(key); value != want[key] || m.Len() != len(want) {
			t.Fatalf("step %d: got %d of %d, want %d of %d", step, value, m.Len(), want[key], len(want))
		}
		if step%1000 == 0 && !maps.Equal(maps.Collect(m.All()), want) {
			t.Fatalf("step %d: the entries differ", step)
		}
	}
}

// A map that had many entries keeps little memory when they have gone, whether a few are left or none.
func TestGivesMemoryBack(t *testing.T) {
	const n = 200_000
	for _, left := range []int{0, 1, 1000} {
		var m Map[int, int]
		before := liveBytes()
		for i := range n {
			m.Set(i, i)
		}
		for i := left; i < n; i++ {
			m.Delete(i)
		}
		if kept, most := liveBytes()-before, int64(32<<10+200*left); kept > most {
			t.Errorf("%d entries left: %d bytes are kept, want at most %d", left, kept, most)
		}
		runtime.KeepAlive(&m)
	}
}

// Shrinking is rare: it copies at most one entry for every three deletions.
func TestShrinksRarely(t *testing.T) {
	var m Map[int, int]
	copied, deleted := 0, 0
	for range 5 {
		for i := range 10_000 {
			m.Set(i, i)
		}
		for i := range 10_000 {
			most := m.most
			m.Delete(i)
			deleted++
			if m.most < most {
				copied += m.Len()
			}
		}
	}
	if copied == 0 || copied > deleted/3 {
		t.Errorf("%d entries were copied in %d deletions", copied, deleted)
	}
}

func liveBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkDeleteAll reports the time of a deletion of all entries, which shrinks the map several times.
func BenchmarkDeleteAll(b *testing.B) {
	const n = 4096
	for b.Loop() {
		var m Map[uint64, *int]
		for i := range uint64(n) {
			m.Set(i, nil)
		}
		for i := range uint64(n) {
			m.Delete(i)
		}
	}
}

package locktable

import (
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// BenchmarkWorst is the longest call, and the middle one, where very much is to be done: none
// may take much more than a millisecond. Each call is taken at its fastest of all rounds, so
// that what else the machine does is left out.
func BenchmarkWorst(b *testing.B) {
	for _, test := range []struct {
		name  string
		calls func(*stopwatch)
	}{
		{"grants", massGrant},
		{"search", longSearch},
		{"cycle", longCycle},
	} {
		b.Run(test.name, func(b *testing.B) {
			var w stopwatch
			defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector's work is not the table's
			for b.Loop() {
				runtime.GC()
				w.next = 0
				test.calls(&w)
			}
			w.report(b)
		})
	}
}

// A stopwatch takes the time of calls, the same ones in each round.
type stopwatch struct {
	took []time.Duration // the fastest so far
	cost []int64
	next int
}

func (w *stopwatch) time(t *Table, call func()) {
	start, cost := time.Now(), t.Cost()
	call()
	took := time.Since(start)
	if w.next == len(w.took) {
		w.took, w.cost = append(w.took, took), append(w.cost, t.Cost()-cost)
	}
	w.took[w.next] = min(w.took[w.next], took)
	w.next++
}

func (w *stopwatch) report(b *testing.B) {
	var all time.Duration
	var cost, most int64
	for i, d := range w.took {
		all += d
		cost += w.cost[i]
		most = max(most, w.cost[i])
	}
	slices.Sort(w.took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(w.took)), "calls")
	b.ReportMetric(float64(w.took[len(w.took)/2].Microseconds()), "µs-median")
	b.ReportMetric(float64(w.took[len(w.took)-1].Microseconds()), "µs-most")
	b.ReportMetric(float64(most), "steps-most")
	b.ReportMetric(float64(all.Nanoseconds())/float64(cost), "ns/step")
}

// massGrant is a release that lets 100,000 shared holders in.
func massGrant(w *stopwatch) {
	t := newBusyTable()
	t.Acquire(0, ask(0, "x"), nil)
	for n := range 99_999 {
		a := ask(1+n, "x")
		a.Locks[0].Mode = wire.Shared
		t.Acquire(0, a, nil)
	}
	var events []Event
	w.time(t, func() { events = t.Release(0, wire.ID{Session: "a"}, events[:0]) })
	for due, some := t.Deadline(); some && due == 0; due, some = t.Deadline() {
		w.time(t, func() { events = t.Tick(0, events[:0]) })
	}
}

// longSearch is a nested request behind as many as a search can look at.
func longSearch(w *stopwatch) {
	const waiters = searchPlaces/3 - 10
	t := newBusyTable()
	t.Open("b", wire.Peer{})
	outer := Acquire{ID: wire.ID{Session: "b"}, Locks: []wire.LockSpec{{Name: "outer"}}}
	t.Acquire(0, outer, nil)
	for n := range waiters + 1 {
		t.Acquire(0, ask(1+n, "x"), nil)
	}
	nested := Acquire{ID: wire.ID{Session: "b", N: 1}, Locks: []wire.LockSpec{{Name: "x"}}, Wait: Forever, Parent: outer.ID}
	w.search(t, nested)
}

func (w *stopwatch) search(t *Table, a Acquire) {
	w.time(t, func() { t.Acquire(0, a, nil) })
	for t.Searching() {
		w.time(t, func() { t.Search(0, nil) })
	}
}

func longCycle(w *stopwatch) {
	t, last := newChain(20_000)
	w.search(t, last)
}

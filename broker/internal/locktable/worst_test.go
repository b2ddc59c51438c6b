package locktable

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// BenchmarkWorst reports the longest call and the median call when there is very much to do. No call
// may take much more than a millisecond. For each call the fastest of all rounds counts, which
// leaves out whatever else the machine does.
func BenchmarkWorst(b *testing.B) {
	for _, test := range []struct {
		name  string
		calls func(*stopwatch)
	}{
		{"grants", massGrant},
		{"search", longSearch},
		{"cycle", longCycle},
		{"steal", massSteal},
		{"timeouts", manyTimeouts},
		{"drop", longDrop},
		{"shut", longShut},
		{"page-bytes", func(w *stopwatch) { fullPage(w, Query{Max: wire.MaxPage, Queue: wire.MaxQueue}) }},
		{"page-queue", func(w *stopwatch) { fullPage(w, Query{Max: 1, Queue: wire.MaxQueue, Seq: 1}) }},
		{"page-names", func(w *stopwatch) { manyNames(w, "") }},
		{"page-glob", func(w *stopwatch) { manyNames(w, "*"+strings.Repeat("[a]", 100)+"b") }},
		{"page-inside", pageInside},
		{"why", longWhy},
		{"why-queue", whyQueue},
		{"moving-nest", movingNest},
		{"some-holders", someHolders},
	} {
		b.Run(test.name, func(b *testing.B) {
			var w stopwatch
			defer debug.SetGCPercent(debug.SetGCPercent(-1)) // garbage collection is not the table's work
			for b.Loop() {
				runtime.GC()
				w.next = 0
				test.calls(&w)
			}
			w.report(b)
		})
	}
}

// A stopwatch measures calls. The calls must be the same in each round.
type stopwatch struct {
	took []time.Duration // the fastest of each call so far
	cost []int64
	next int
}

// time measures one call.
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

// massGrant is a release that grants a lock to 100,000 shared holders.
func massGrant(w *stopwatch) {
	t := newBusyTable()
	t.Acquire(0, acquireOf(0, "x"), nil)
	for n := range 99_999 {
		a := acquireOf(1+n, "x")
		a.Locks[0].Mode = wire.Shared
		t.Acquire(0, a, nil)
	}
	var events []Event
	w.time(t, func() { events = t.Release(0, wire.ID{Session: "a"}, events[:0]) })
	for due, some := t.Deadline(); some && due == 0; due, some = t.Deadline() {
		w.time(t, func() { events = t.Tick(0, events[:0]) })
	}
}

// longSearch is a nested request behind as many requests as a search can look at.
func longSearch(w *stopwatch) {
	const waiters = searchPlaces/3 - 10
	t := newBusyTable()
	t.Open("b", wire.Peer{})
	outer := Acquire{ID: wire.ID{Session: "b"}, Locks: []wire.LockSpec{{Name: "outer"}}}
	t.Acquire(0, outer, nil)
	for n := range waiters + 1 {
		t.Acquire(0, acquireOf(1+n, "x"), nil)
	}
	nested := acquireOf(1, "x")
	nested.ID.Session, nested.Parent = "b", outer.ID
	w.search(t, nested)
}

// search measures a nested acquire and the calls that continue its search.
func (w *stopwatch) search(t *Table, a Acquire) {
	w.time(t, func() { t.Acquire(0, a, nil) })
	for t.Searching() {
		w.time(t, func() { t.Search(0, nil) })
	}
}

// longCycle is a nested request that closes a cycle of 20,000 sessions.
func longCycle(w *stopwatch) {
	t, last := newChain(20_000)
	w.search(t, last)
}

// tickAll ticks until nothing is due.
func (w *stopwatch) tickAll(t *Table, now time.Duration) {
	for due, some := t.Deadline(); some && due <= now; due, some = t.Deadline() {
		w.time(t, func() { t.Tick(now, nil) })
	}
}

func acquireShared(n int, name string) Acquire {
	a := acquireOf(n, name)
	a.Locks[0].Mode = wire.Shared
	return a
}

// massSteal is a steal from 100,000 holders.
func massSteal(w *stopwatch) {
	t := newBusyTable()
	t.Open("b", wire.Peer{})
	for n := range 100_000 {
		t.Acquire(0, acquireShared(n, "x"), nil)
	}
	w.time(t, func() {
		t.Acquire(0, Acquire{ID: wire.ID{Session: "b"}, Locks: []wire.LockSpec{{Name: "x"}}, Steal: true}, nil)
	})
	w.tickAll(t, 0)
}

// manyTimeouts is 10,000 timeouts at once. Each request is behind a thousand others at two locks. Eight
// requests hold one of them.
func manyTimeouts(w *stopwatch) {
	t := newBusyTable()
	for n := range 8 {
		t.Acquire(0, acquireShared(n, "x"), nil)
	}
	for n := range 1000 {
		a := acquireOf(100+n, "x")
		a.Locks = append(a.Locks, wire.LockSpec{Name: "y"})
		t.Acquire(0, a, nil)
	}
	for n := range 10_000 {
		a := acquireOf(2000+n, "x")
		a.Locks = append(a.Locks, wire.LockSpec{Name: "y"})
		a.Wait = time.Second
		t.Acquire(0, a, nil)
	}
	w.tickAll(t, time.Second)
}

// newWebTable returns a table with many requests. Each has 64 locks that others share.
func newWebTable() *Table {
	t := newBusyTable()
	t.Open("b", wire.Peer{})
	for n := range 3000 {
		a := acquireOf(n, "")
		if n%2 == 1 {
			a.ID.Session = "b"
		}
		a.Locks = nil
		for i := range 64 {
			a.Locks = append(a.Locks, wire.LockSpec{Name: fmt.Sprint((n*7 + i*31) % 20_000)})
		}
		t.Acquire(0, a, nil)
	}
	return t
}

// longDrop is a drop of a session with half of the requests of a web.
func longDrop(w *stopwatch) {
	t := newWebTable()
	t.Leave("a", 0)
	for done := false; !done; {
		w.time(t, func() { _, done = t.Drop(0, "a", 256, nil) })
	}
	w.tickAll(t, 0)
}

// longShut is a shutdown with the requests of a web.
func longShut(w *stopwatch) {
	t := newWebTable()
	for done := false; !done; {
		w.time(t, func() { _, done = t.Shut(0, 256, nil) })
	}
}

// fullPage is a page with as many descriptions as fit.
func fullPage(w *stopwatch, q Query) {
	t := newBusyTable()
	for n := range 60_000 {
		t.Acquire(0, acquireShared(n, []string{"x", "y", "z"}[n%3]), nil)
	}
	w.time(t, func() { t.Page(0, q, nil) })
}

// manyNames makes pages of locks that are not in use, or do not match.
func manyNames(w *stopwatch, match string) {
	t := newBusyTable()
	for n := range 20_000 {
		t.Acquire(0, acquireOf(n, fmt.Sprint(strings.Repeat("a", 500), n)), nil)
		t.Release(0, wire.ID{Session: "a", N: int64(n)}, nil)
	}
	for q, n := (Query{Match: match, Empty: match != "", Max: wire.MaxPage, Queue: 1}), 0; n < 20; n++ {
		var page Page
		w.time(t, func() { page, _ = t.Page(0, q, nil) })
		if q.After = page.Next; page.Next == 0 {
			break
		}
	}
}

// pageInside is a page that begins as deep inside a queue as a page may.
func pageInside(w *stopwatch) {
	c := newCrowd(pageWalk)
	q := Query{Max: 1, Queue: 1, Seq: 1, WaitersAfter: wire.Some[int64](pageWalk)}
	p := c.table.BeginPage(q)
	for done := false; !done; {
		w.time(c.table, func() { done, _ = p.Step(0, nil) })
	}
}

// longWhy is a chain of more sessions than are looked at.
func longWhy(w *stopwatch) {
	t, _ := newChain(20_000)
	w.time(t, func() { t.Why(0, wire.ID{Session: "0", N: 1}, nil) })
}

// whyQueue is the chain of a waiter whose lock has very many holders.
func whyQueue(w *stopwatch) {
	t := newBusyTable()
	for n := range 50_000 {
		t.Acquire(0, acquireShared(n, "x"), nil)
	}
	t.Acquire(0, acquireOf(50_000, "x"), nil)
	w.time(t, func() { t.Why(0, wire.ID{Session: "a", N: 50_000}, nil) })
}

// movingNest ends a request with half of all requests inside it. The other half are beside it.
func movingNest(w *stopwatch) {
	t := newBusyTable()
	t.Acquire(0, acquireOf(0, "0"), nil)
	t.Acquire(0, nestedIn("a", 0, 1, wire.LockSpec{Name: "1"}), nil)
	for n := 2; n < 100_000; n++ {
		t.Acquire(0, nestedIn("a", n%2, n, wire.LockSpec{Name: "s", Mode: wire.Shared}), nil)
	}
	w.time(t, func() { t.Release(0, wire.ID{Session: "a", N: 1}, nil) })
}

// someHolders is a search for holders among locks that nobody holds.
func someHolders(w *stopwatch) {
	t := newBusyTable()
	for n := range 50_000 {
		t.Acquire(0, acquireOf(n, fmt.Sprint(n)), nil)
		t.Release(0, wire.ID{Session: "a", N: int64(n)}, nil)
	}
	w.time(t, func() { t.SomeHolders(8) })
}

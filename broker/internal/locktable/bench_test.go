package locktable

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// crowd is a lock with a holder and a number of waiters, all of one session.
type crowd struct {
	table  *Table
	first  int64 // the n of the holder
	next   int64 // the n of the next request
	events []Event
	spec   []wire.LockSpec
}

func newCrowd(waiters int) *crowd { return newCrowdAmong(waiters, 0) }

// newCrowdAmong makes a crowd whose session has other requests too, each of
// which holds a lock of its own.
func newCrowdAmong(waiters, others int) *crowd {
	c := &crowd{table: New(Config{FirstToken: 1, MaxRequests: waiters + others + 2, MaxIdle: 10})}
	c.table.Open("a", wire.Peer{})
	for n := range others {
		c.spec = []wire.LockSpec{{Name: fmt.Sprintf("stock/%d", n)}}
		c.join()
	}
	c.gather(waiters)
	return c
}

// newCrowdIn makes a crowd in a table that has others already.
func newCrowdIn(t *Table, waiters int) *crowd {
	c := &crowd{table: t}
	t.Open("a", wire.Peer{})
	c.gather(waiters)
	return c
}

func (c *crowd) gather(waiters int) {
	c.spec = []wire.LockSpec{{Name: "orders/1"}}
	c.first = c.next
	for range waiters + 1 {
		c.join()
	}
}

func (c *crowd) join() {
	a := Acquire{ID: wire.ID{Session: "a", N: c.next}, Locks: c.spec, Wait: Forever}
	c.events = c.table.Acquire(0, a, c.events[:0])
	c.next++
}

// handOff releases the lock, which grants the first waiter; who had it queues
// again at the end.
func (c *crowd) handOff() {
	c.events = c.table.Release(0, wire.ID{Session: "a", N: c.first}, c.events[:0])
	c.first++
	c.join()
}

var crowds = []int{1, 1_000, 100_000}

// BenchmarkUncontended is acquire and release of a free lock whose name is known.
func BenchmarkUncontended(b *testing.B) {
	c := newCrowd(0)
	b.ReportAllocs()
	for b.Loop() {
		c.handOff()
	}
}

// BenchmarkHandOff is a release, the grant that follows, and a new waiter.
func BenchmarkHandOff(b *testing.B) {
	for _, waiters := range crowds {
		b.Run(fmt.Sprint(waiters), func(b *testing.B) {
			c := newCrowd(waiters)
			b.ReportAllocs()
			for b.Loop() {
				c.handOff()
			}
		})
	}
}

// BenchmarkCancelInTheMiddle is a cancel of a waiter in the middle of the queue,
// and a new waiter at its end.
func BenchmarkCancelInTheMiddle(b *testing.B) {
	for _, waiters := range crowds[1:] {
		b.Run(fmt.Sprint(waiters), func(b *testing.B) {
			c := newCrowd(waiters)
			// Each cancel takes the next one after a quarter of the queue; when
			// half of the queue has gone that way, it is made anew outside the time.
			n := int64(waiters / 4)
			b.ReportAllocs()
			for b.Loop() {
				if n == int64(waiters*3/4) {
					b.StopTimer()
					c, n = newCrowd(waiters), int64(waiters/4)
					b.StartTimer()
				}
				c.events = c.table.Cancel(0, wire.ID{Session: "a", N: n}, c.events[:0])
				c.join()
				n++
			}
		})
	}
}

// BenchmarkPageInside is a page that begins as deep inside a queue as one may, and has
// a single waiter: nearly all of it is the way there.
func BenchmarkPageInside(b *testing.B) {
	c := newCrowd(pageWalk)
	q := Query{Max: 1, Queue: 1, Seq: 1, WaitersAfter: wire.Some[int64](pageWalk)}
	for b.Loop() {
		if page, _ := c.table.Page(0, q, nil); page.TooFar || len(page.Locks[0].Waiters) != 1 {
			b.Fatal("not listed")
		}
	}
}

// BenchmarkFlat measures the hand-off among 1, 1,000 and 100,000 waiters in
// turns, so that whatever else the machine does hits all of them, and reports
// the times as ratios to the first: near 1 if the cost does not grow with the queue.
//
// What grows with any number of living requests, and no longer fits the
// processor's cache, is the memory that they take. So there is a fourth, "busy":
// one waiter, and 100,000 requests of the same session at other locks.
func BenchmarkFlat(b *testing.B) {
	const turn = 200
	made := []struct {
		name string
		*crowd
	}{
		{"x1", newCrowd(1)},
		{"x1000", newCrowd(1_000)},
		{"x100000", newCrowd(100_000)},
		{"x-busy", newCrowdAmong(1, 100_000)},
	}
	took := make([]time.Duration, len(made))
	for b.Loop() {
		for i, c := range made {
			start := time.Now()
			for range turn {
				c.handOff()
			}
			took[i] += time.Since(start)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[0].Nanoseconds())/float64(b.N*turn), "ns/hand-off")
	for i := range made[1:] {
		b.ReportMetric(float64(took[i+1])/float64(took[0]), made[i+1].name)
	}
}

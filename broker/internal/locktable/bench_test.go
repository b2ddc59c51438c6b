package locktable

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// A crowd is a lock with a holder and a number of waiters, all of one session.
type crowd struct {
	table  *Table
	first  int64 // the n of the holder
	next   int64 // the n of the next request
	events []Event
	spec   []wire.LockSpec
}

func newCrowd(waiters int) *crowd { return newCrowdAmong(waiters, 0) }

// newCrowdAmong makes a crowd whose session also has other requests. Each of these holds a lock of
// its own.
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

// newCrowdIn makes a crowd in a table that is already in use.
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

// handOff releases the lock, which grants it to the first waiter. A new request queues at the end.
func (c *crowd) handOff() {
	c.events = c.table.Release(0, wire.ID{Session: "a", N: c.first}, c.events[:0])
	c.first++
	c.join()
}

var crowds = []int{1, 1_000, 100_000}

// BenchmarkUncontended acquires and releases a free lock whose name is known.
func BenchmarkUncontended(b *testing.B) {
	c := newCrowd(0)
	b.ReportAllocs()
	for b.Loop() {
		c.handOff()
	}
}

// BenchmarkHandOff measures a release, the grant that follows, and a new waiter.
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

// BenchmarkCancelInTheMiddle measures a cancel in the middle of the queue, and a new waiter at its
// end.
func BenchmarkCancelInTheMiddle(b *testing.B) {
	for _, waiters := range crowds[1:] {
		b.Run(fmt.Sprint(waiters), func(b *testing.B) {
			c := newCrowd(waiters)
			// The cancels begin after a quarter of the queue. When half of the queue has been
			// cancelled, a new one is made while the timer is stopped.
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

// BenchmarkPageInside measures a page with a single waiter that begins as deep inside a queue as a
// page may. Nearly all of the work is the walk there.
func BenchmarkPageInside(b *testing.B) {
	c := newCrowd(pageWalk)
	q := Query{Max: 1, Queue: 1, Seq: 1, WaitersAfter: wire.Some[int64](pageWalk)}
	for b.Loop() {
		if page, _ := c.table.Page(0, q, nil); page.TooFar || len(page.Locks[0].Waiters) != 1 {
			b.Fatal("not listed")
		}
	}
}

// BenchmarkFlat measures the hand-off among 1, 1,000 and 100,000 waiters. It reports the times as
// ratios to the first. They are near 1 if the cost does not grow with the queue. The crowds take
// turns, so that whatever else the machine does slows down all of them.
//
// The memory of requests grows with their number, and no longer fits the processor's cache. To
// show how much of the cost this is, there is a fourth crowd, "busy": it has one waiter, and
// 100,000 requests of the same session hold other locks.
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

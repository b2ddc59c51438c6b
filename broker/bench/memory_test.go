package bench

import (
	"fmt"
	"testing"
)

const (
	mostIdle   = 8 << 10
	mostHeld   = 250
	mostWaiter = 200
)

func BenchmarkMemory(b *testing.B) {
	b.Run("idle", func(b *testing.B) { memoryIdle(b, chosen()) })
	b.Run("held", func(b *testing.B) { memoryHeld(b, chosen()) })
	b.Run("waiters", func(b *testing.B) { memoryWaiters(b, chosen()) })
}

// memoryIdle measures the memory of a connection that does nothing: reachable bytes and stacks, after garbage
// collections.
func memoryIdle(tb testing.TB, s scale) {
	n := connectionsPossible(tb, s.idle) // before the start of the server, which inherits the limit
	broker := startServer(tb, roleBroker)
	before := broker.memory().InUse
	sessions := make([]*raw, 0, n)
	defer func() {
		for _, r := range sessions {
			r.close()
		}
	}()
	for len(sessions) < n {
		batch := min(500, n-len(sessions))
		for range batch {
			r, err := dialRaw(broker.address, 512)
			if err != nil {
				tb.Fatalf("after %d connections: %v", len(sessions), err)
			}
			r.in, r.frame = nil, nil // frees the read buffers: nothing more is read
			sessions = append(sessions, r)
		}
		defer keepAlive(tb.Context(), sessions[len(sessions)-batch:]...)()
	}
	reportFigure(tb, "connections", float64(n), nil)
	reportFigure(tb, "B/idle-connection", float64(broker.memory().InUse-before)/float64(n), atMost(mostIdle))
	report(tb, 0, "ns/op")
}

// memoryHeld measures the memory of a held lock without the 16 bytes of its name, and then the memory of one waiter for
// each of these locks.
func memoryHeld(tb testing.TB, s scale) {
	broker := startServer(tb, roleBroker)
	acquire := func(r *raw, session, i int) {
		r.putAcquire(i, fmt.Sprintf("%02d/lock/%08d", session, i))
	}
	before := broker.memory().InUse
	for session := range s.sessions {
		r := newRaw(tb, broker)
		if err := r.exchange(s.requests, "granted", func(i int) { acquire(r, session, i) }); err != nil {
			tb.Fatal(err)
		}
	}
	held := broker.memory().InUse
	for session := range s.sessions {
		r := newRaw(tb, broker)
		if err := r.queue(s.requests, s.requests, func(i int) { acquire(r, session, i) }); err != nil {
			tb.Fatal(err)
		}
	}
	waiting := broker.memory().InUse
	n := float64(s.sessions * s.requests)
	const name = 16 // bytes, which any broker must keep
	reportFigure(tb, "B/held-lock", float64(held-before)/n-name, atMost(mostHeld))
	reportFigure(tb, "B/waiter-alone", float64(waiting-held)/n, atMost(mostWaiter))
	report(tb, 0, "ns/op")
}

// memoryWaiters measures the memory of a waiter if all wait for the same lock.
func memoryWaiters(tb testing.TB, s scale) {
	broker := startServer(tb, roleBroker)
	const lock = "wanted-by-all/00"
	holder := newRaw(tb, broker)
	if err := holder.exchange(1, "granted", func(i int) { holder.putAcquire(i, lock) }); err != nil {
		tb.Fatal(err)
	}
	before := broker.memory().InUse
	for range s.sessions {
		r := newRaw(tb, broker)
		if err := r.queue(s.requests, s.requests, func(i int) { r.putAcquire(i, lock) }); err != nil {
			tb.Fatal(err)
		}
	}
	n := float64(s.sessions * s.requests)
	reportFigure(tb, "B/waiter", float64(broker.memory().InUse-before)/n, atMost(mostWaiter))
	report(tb, 0, "ns/op")
}

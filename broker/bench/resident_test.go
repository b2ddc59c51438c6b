package bench

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The bounds of what brokerd takes, as the system counts it.
const (
	mostIdleRSS   = 8 << 10
	mostHeldRSS   = 250
	mostWaiterRSS = 130
	mostAfterRush = 1.3
)

func BenchmarkRSS(b *testing.B) {
	b.Run("idle-connection", func(b *testing.B) { residentIdle(b, chosen()) })
	b.Run("held-lock", func(b *testing.B) { residentHeld(b, chosen()) })
	b.Run("waiter", func(b *testing.B) { residentWaiters(b, chosen()) })
	b.Run("after-rush", func(b *testing.B) { residentAfterRush(b, chosen()) })
}

// residentIdle measures what an idle connection adds to the resident memory of brokerd.
func residentIdle(tb testing.TB, s scale) {
	f := startForCrowd(tb)
	before := f.settled(s)
	f.connect(s.rushers)
	f.wait(2 * s.settle)
	reportFigure(tb, "RSS/idle-connection", f.grownSince(before, s)/float64(s.rushers), atMost(mostIdleRSS))
	report(tb, 0, "ns/op")
}

// residentHeld measures what a held lock adds, without the 16 bytes of its name.
func residentHeld(tb testing.TB, s scale) {
	f := startForCrowd(tb)
	sessions := f.connect(s.sessions)
	before := f.settled(s)
	f.acquire(sessions, s.requests, "held-")
	const name = 16
	each := f.grownSince(before, s)/float64(s.sessions*s.requests) - name
	reportFigure(tb, "RSS/held-lock", max(each, 1), atMost(mostHeldRSS))
	report(tb, 0, "ns/op")
}

// residentWaiters measures what a waiter adds, if all wait for the same lock.
func residentWaiters(tb testing.TB, s scale) {
	const lock = "wanted-by-all/00"
	f := startForCrowd(tb)
	sessions := f.connect(s.sessions)
	holder := f.connect(1)[0]
	if err := holder.exchange(1, "granted", func(i int) { holder.putAcquire(i, lock) }); err != nil {
		tb.Fatal(err)
	}
	before := f.settled(s)
	for _, r := range sessions {
		if err := r.queue(s.requests, s.requests, func(i int) { r.putAcquire(i, lock) }); err != nil {
			tb.Fatal(err)
		}
	}
	reportFigure(tb, "RSS/waiter", f.grownSince(before, s)/float64(s.sessions*s.requests), atMost(mostWaiterRSS))
	report(tb, 0, "ns/op")
}

// residentAfterRush measures the resident memory of brokerd a minute after a rush of connections and locks, compared
// with the memory before. It does so twice. Before the first rush brokerd is new. What the Go runtime itself needs for
// a crowd it does not give back, so the second rush shows what a broker gains over its life.
func residentAfterRush(tb testing.TB, s scale) {
	f := startForCrowd(tb)
	before := f.settled(s)
	for i, figure := range []string{"RSS/after-rush", "RSS/after-second-rush"} {
		sessions := f.connect(s.rushers)
		f.acquire(sessions, s.sessions*s.requests/s.rushers, fmt.Sprint("rush", i))
		peak := resident(tb, f.process.Pid)
		for _, r := range sessions {
			r.close()
		}
		f.wait(2 * s.settle)
		after := resident(tb, f.process.Pid)
		tb.Logf("%s: %d MB before, %d MB in the rush, %d MB after it", figure, before>>20, peak>>20, after>>20)
		reportFigure(tb, figure, float64(after)/float64(before), atMost(mostAfterRush))
		before = after
	}
	report(tb, 0, "ns/op")
}

// A crowded is a brokerd whose limits no crowd reaches.
type crowded struct {
	*brokerd
	tb testing.TB
}

func startForCrowd(tb testing.TB) crowded {
	tb.Helper()
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		tb.Skip("this system does not tell the resident memory of a process")
	}
	return crowded{tb: tb, brokerd: launchBrokerd(tb, tb.TempDir(),
		"--max-connections=1000000", "--max-connections-per-address=1000000", "--max-handshakes=100",
		"--timeout=60s", "--heartbeat=5s", // a client is late on a busy machine
		"--handshakes-per-second=1000000", "--handshake-burst=1000000",
		"--max-requests=100000000", "--quota-requests=100000000", "--quota-waiting=100000000",
		"--max-memory=100GB",
	)}
}

// connect opens n sessions, and keeps them alive until the test ends.
func (f crowded) connect(n int) (sessions []*raw) {
	f.tb.Helper()
	for len(sessions) < n {
		began := len(sessions)
		for range min(100, n-began) {
			r, err := dialRaw(f.address, 512)
			if err != nil {
				f.tb.Fatalf("after %d connections: %v", len(sessions), err)
			}
			sessions = append(sessions, r)
		}
		batch := sessions[began:]
		stop := keepAlive(f.tb.Context(), batch...)
		f.tb.Cleanup(func() {
			stop()
			for _, r := range batch {
				r.close()
			}
		})
	}
	return sessions
}

// acquire makes each session acquire n locks of its own. With a prefix of 5 bytes, a name has 16.
func (f crowded) acquire(sessions []*raw, n int, prefix string) {
	f.tb.Helper()
	var working sync.WaitGroup
	const hands = 20
	for hand := range hands {
		working.Go(func() {
			for at := hand; at < len(sessions); at += hands {
				r := sessions[at]
				if err := r.exchange(n, "granted", func(i int) {
					r.putAcquire(i, fmt.Sprintf("%s%05d/%05d", prefix, at, i))
				}); err != nil {
					f.tb.Errorf("session %d: %v", at, err)
				}
			}
		})
	}
	working.Wait()
}

// settled waits until brokerd has had time to collect its garbage. It then returns its resident memory: the median of
// ten readings, one second apart.
func (f crowded) settled(s scale) int64 {
	f.tb.Helper()
	f.wait(s.settle)
	var readings []int64
	for range 10 {
		readings = append(readings, resident(f.tb, f.process.Pid))
		f.wait(s.settle / 30)
	}
	slices.Sort(readings)
	return readings[len(readings)/2]
}

// grownSince returns by how many bytes brokerd has grown, once it is settled: 1 at least.
func (f crowded) grownSince(before int64, s scale) float64 {
	f.tb.Helper()
	return float64(max(f.settled(s)-before, 1))
}

func (f crowded) wait(d time.Duration) { <-time.After(d) }

// resident returns the bytes of physical memory that a process uses (Rss), as Linux counts them. The process does
// nothing for it.
func resident(tb testing.TB, pid int) int64 {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\nRss:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kilobytes, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		tb.Fatalf("no Rss in %s", text)
	}
	return kilobytes << 10
}

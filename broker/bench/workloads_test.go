package bench

import (
	"runtime"
	"strings"
	"testing"
)

// Floors: see the package's documentation for what they are ratios of.
const (
	floorOne      = 0.45
	floorShared   = 0.25
	floorHandover = 1.1
	floorCrowd    = 0.9 // of 1,000 to 64
	floorFair     = 0.9
)

// workload is the name of a benchmark as the tables have it.
func workload(tb testing.TB) string {
	name := tb.Name()
	return strings.TrimPrefix(name, "Benchmark")
}

func BenchmarkOneCaller(b *testing.B) { oneCaller(b, 20_000) }

// oneCaller is one caller who asks for the next lock when he has given back the last. Allocations are
// counted over so many pairs.
func oneCaller(tb testing.TB, pairs int) {
	broker := startServer(tb, roleBroker)
	c := ownLocks("one caller", dialBroker(tb, broker, 1), 1)
	echo := plainEcho(tb, 1, oneLock(lockName(0)))
	samples := measure(tb, c, echo)
	reportRate(tb, "pairs", samples[0], samples[1], atLeast(floorOne))
	allocations(tb, broker, c.workers[0], pairs)
}

// allocations counts those of a pair, in the client and in the broker. What else the
// two do meanwhile, such as to count, is little beside so many pairs, and allowed for.
func allocations(tb testing.TB, broker *process, w *worker, pairs int) {
	const others = 0.01
	inBroker := broker.memory().Mallocs
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range pairs {
		if _, err := w.once(); err != nil {
			tb.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	inBroker = broker.memory().Mallocs - inBroker
	reportFigure(tb, "allocs/pair-client", float64(after.Mallocs-before.Mallocs)/float64(pairs), atMost(6+others))
	reportFigure(tb, "allocs/pair-broker", float64(inBroker)/float64(pairs), atMost(2+others))
}

func BenchmarkSharedClient(b *testing.B) {
	b.Run("64", func(b *testing.B) { sharedClient(b, 64) })
	b.Run("512", func(b *testing.B) { sharedClient(b, 512) })
}

// sharedClient is a program with many goroutines that has one client, as is recommended.
func sharedClient(tb testing.TB, callers int) {
	broker := startServer(tb, roleBroker)
	c := ownLocks("shared client", dialBroker(tb, broker, 1), callers)
	echo := gatheredEcho(tb, 1, callers, oneLock(lockName(0)))
	samples := measure(tb, c, echo)
	reportRate(tb, "pairs", samples[0], samples[1], atLeast(floorShared))
}

func BenchmarkConnections(b *testing.B) {
	b.Run("100", func(b *testing.B) { connections(b, 100) })
}

// connections is many programs with one caller each.
func connections(tb testing.TB, n int) {
	broker := startServer(tb, roleBroker)
	c := ownLocks("connections", dialBroker(tb, broker, n), n)
	echo := plainEcho(tb, n, oneLock(lockName(0)))
	samples := measure(tb, c, echo)
	reportRate(tb, "pairs", samples[0], samples[1], atLeast(floorOne))
}

func BenchmarkHandover(b *testing.B) {
	b.Run("64-connections", func(b *testing.B) { handover(b, 64, 64) })
	b.Run("64-callers", func(b *testing.B) { handover(b, 1, 64) })
	b.Run("1000-callers", func(b *testing.B) { handoverCrowd(b, 1, 1, 1000) })
	b.Run("1000-connections", func(b *testing.B) { handoverCrowd(b, 64, 1000, 1000) })
}

// handover is one lock that many want all the time. A hand-over takes from the moment in which
// one gives the lock back to that in which the next one has it. The echo is that of one caller.
func handover(tb testing.TB, connections, callers int) {
	broker := startServer(tb, roleBroker)
	c := handRound("handover", lockName(1), dialBroker(tb, broker, connections), callers)
	echo := plainEcho(tb, 1, oneLock(lockName(1)))
	samples := measure(tb, c, echo)
	reportRate(tb, "handovers", samples[0], samples[1], atLeast(floorHandover))
}

// handoverCrowd is the same with more callers, beside the 64.
func handoverCrowd(tb testing.TB, fewConnections, connections, callers int) {
	broker := startServer(tb, roleBroker)
	c := handRound("crowd", lockName(2), dialBroker(tb, broker, connections), callers)
	few := handRound("64 callers", lockName(3), dialBroker(tb, broker, fewConnections), 64)
	echo := plainEcho(tb, 1, oneLock(lockName(2)))
	samples := measure(tb, c, few, echo)
	reportRate(tb, "handovers", samples[0], samples[2], nil)
	reportFigure(tb, "x/64", ratio(samples[0], samples[1]), atLeast(floorCrowd))
	reportFigure(tb, "fewest/most", c.fairness(tb, summary(samples[0]).rate), atLeast(floorFair))
}

func BenchmarkWatched(b *testing.B) {
	b.Run("1-watcher", func(b *testing.B) { watched(b, 1) })
	b.Run("10-watchers", func(b *testing.B) { watched(b, 10) })
}

// watched is one caller whose every step others are told. They read it, and do nothing with it. Beside
// the echo there is the same caller at a broker that nobody watches.
func watched(tb testing.TB, n int) {
	broker, unwatched := startServer(tb, roleBroker), startServer(tb, roleBroker)
	c := ownLocks("watched", dialBroker(tb, broker, 1), 1)
	alone := ownLocks("not watched", dialBroker(tb, unwatched, 1), 1)
	var told watchers
	for range n {
		told.add(tb, broker)
	}
	echo := plainEcho(tb, 1, oneLock(lockName(0)))
	samples := measure(tb, c, alone, echo)
	reportRate(tb, "pairs", samples[0], samples[2], nil)
	reportFigure(tb, "x/unwatched", ratio(samples[0], samples[1]), nil)
	if told.changes.Load() == 0 {
		tb.Error("the watchers were told nothing")
	}
	if n := told.lagged.Load(); n > 0 {
		tb.Logf("watchers have lagged %d times: they were told less than all", n)
	}
}

func BenchmarkMixed(b *testing.B) { mixed(b, 10, 100) }

// mixed is what programs do: most want locks that nobody else wants, some share one,
// some want several at once. The echo has as many frames in flight, in the same mixture.
func mixed(tb testing.TB, connections, callers int) {
	broker := startServer(tb, roleBroker)
	c := mixture(dialBroker(tb, broker, connections), callers)
	echo := gatheredEcho(tb, connections, callers/connections, mixedFrames())
	samples := measure(tb, c, echo)
	reportRate(tb, "pairs", samples[0], samples[1], nil)
}

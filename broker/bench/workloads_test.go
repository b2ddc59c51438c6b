package bench

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// Floors of the ratios that the package comment describes.
const (
	floorOne       = 0.48
	floorOneAsync  = 0.85 // with AsyncRelease
	floor100Async  = 0.9
	floor64        = 0.45
	floor512       = 0.22
	floorHandover  = 0.9
	floorHandovers = 0.5 // of 8 locks at the same time
	floorCrowd     = 0.9 // 1,000 callers beside 64
	floorFair      = 0.9
)

// workload returns the name of a benchmark as the tables show it.
func workload(tb testing.TB) string {
	name := tb.Name()
	return strings.TrimPrefix(name, "Benchmark")
}

// allocsOfPair is how many allocations a pair may cost the client. The answer to a confirmed release costs the last.
const allocsOfPair = 4

func BenchmarkOneCaller(b *testing.B) { oneCaller(b, 20_000, nil, atLeast(floorOne)) }

// BenchmarkAsyncRelease measures callers that do not wait for the confirmation of a release.
func BenchmarkAsyncRelease(b *testing.B) {
	o := &wsclient.AcquireOptions{AsyncRelease: true}
	b.Run("one-caller", func(b *testing.B) { oneCaller(b, 20_000, o, atLeast(floorOneAsync)) })
	b.Run("64-callers", func(b *testing.B) { sharedClient(b, 64, o, atLeast(floor64)) })
	b.Run("512-callers", func(b *testing.B) { sharedClient(b, 512, o, atLeast(floor512)) })
	b.Run("100-connections", func(b *testing.B) { connections(b, 100, o, atLeast(floor100Async)) })
	b.Run("handover-64-connections", func(b *testing.B) { handover(b, 64, 64, o) })
	b.Run("handover-8x64", func(b *testing.B) { handovers(b, 8, 64, o) })
}

// oneCaller measures one caller that acquires and releases in turn, and counts allocations over that many pairs.
func oneCaller(tb testing.TB, pairs int, options *wsclient.AcquireOptions, floor *bound) {
	broker := startServer(tb, roleBroker)
	c := ownLocks("one caller", dialBroker(tb, broker, 1), 1, options)
	echo := plainEcho(tb, 1, oneLock(lockName(0)))
	samples := measure(tb, c, echo)
	reportRate(tb, "pairs", samples[0], samples[1], floor)
	allowed := allocsOfPair
	if options != nil && options.AsyncRelease {
		allowed--
	}
	allocations(tb, broker, c.workers[0], pairs, float64(allowed))
}

// allocations counts the allocations of a pair in the client, which may have that many, and in the broker. It tolerates
// a hundredth more, for the allocations of the counting itself.
func allocations(tb testing.TB, broker *process, w *worker, pairs int, allowed float64) {
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
	inClient := after.Mallocs - before.Mallocs
	reportFigure(tb, "allocs/pair-client", float64(inClient)/float64(pairs), atMost(allowed+others))
	reportFigure(tb, "allocs/pair-broker", float64(inBroker)/float64(pairs), atMost(2+others))
}

func BenchmarkSharedClient(b *testing.B) {
	b.Run("64", func(b *testing.B) { sharedClient(b, 64, nil, atLeast(floor64)) })
	b.Run("512", func(b *testing.B) { sharedClient(b, 512, nil, atLeast(floor512)) })
}

// sharedClient measures a program with one client for many goroutines, as package wsclient recommends.
func sharedClient(tb testing.TB, callers int, options *wsclient.AcquireOptions, floor *bound) {
	broker := startServer(tb, roleBroker)
	c := ownLocks("shared client", dialBroker(tb, broker, 1), callers, options)
	echo := gatheredEcho(tb, 1, callers, oneLock(lockName(0)))
	samples := measure(tb, c, echo)
	reportRate(tb, "pairs", samples[0], samples[1], floor)
}

func BenchmarkConnections(b *testing.B) {
	b.Run("100", func(b *testing.B) { connections(b, 100, nil, nil) })
}

func BenchmarkManyConnections(b *testing.B) {
	numbers := chosen().connections
	for _, n := range numbers {
		b.Run(fmt.Sprint(n), func(b *testing.B) { connections(b, n, nil, nil) })
	}
	b.Run("heartbeats", func(b *testing.B) { heartbeats(b, slices.Max(numbers)) })
}

// connections measures many programs with one caller each, and the processor time of the broker and of the echo.
//
// With 10,000 connections a pair takes half a second, so the turns are longer. Sessions need no heartbeats, because
// those cost processor time for each connection and not for each pair; see heartbeats.
func connections(tb testing.TB, n int, options *wsclient.AcquireOptions, floor *bound) {
	n = connectionsPossible(tb, 2*n) / 2 // to the broker and to the echo, which inherit the limit when they start
	broker, echoing := startServer(tb, roleQuiet), startServer(tb, roleEcho)
	c := ownLocks("connections", dialBroker(tb, broker, n), n, options)
	echo := plainEchoOf(tb, echoing, n, oneLock(lockName(0)))
	c.server, echo.server = broker, echoing
	samples := measureLonger(tb, 1+n/2000, c, echo)
	reportRate(tb, "pairs", samples[0], samples[1], floor)
	reportCost(tb, "broker-µs/pair", samples[0])
	reportCost(tb, "echo-µs/frame", samples[1])
}

// heartbeats measures the processor time of a broker whose clients do nothing else.
func heartbeats(tb testing.TB, n int) {
	n = connectionsPossible(tb, n)
	broker := startServer(tb, roleBroker)
	dialBroker(tb, broker, n)
	c := &contender{server: broker}
	start := time.Now()
	begin, _ := c.processorTimes()
	<-time.After(10 * *turnTime) // two heartbeats
	end, _ := c.processorTimes()
	reportFigure(tb, "connections", float64(n), nil)
	if used := end - begin; used > 0 {
		reportFigure(tb, "broker-ms/s", 1e3*used.Seconds()/time.Since(start).Seconds(), nil)
	}
	report(tb, 0, "ns/op")
}

func BenchmarkHandover(b *testing.B) {
	b.Run("64-connections", func(b *testing.B) { handover(b, 64, 64, nil) })
	b.Run("64-callers", func(b *testing.B) { handover(b, 1, 64, nil) })
	b.Run("8x64", func(b *testing.B) { handovers(b, 8, 64, nil) })
	n := chosen().callers
	b.Run(fmt.Sprint(n, "-callers"), func(b *testing.B) { handoverCrowd(b, 1, 1, n) })
	b.Run(fmt.Sprint(n, "-connections"), func(b *testing.B) { handoverCrowd(b, 64, n, n) })
}

// handover measures one lock that all callers want all the time. A hand-over lasts from one caller's release until the
// next caller holds the lock. The echo has one caller.
func handover(tb testing.TB, connections, callers int, options *wsclient.AcquireOptions) {
	broker := startServer(tb, roleBroker)
	c := contested("handover", lockName(1), dialBroker(tb, broker, connections), callers, options)
	echo := plainEcho(tb, 1, oneLock(lockName(1)))
	samples := measure(tb, c, echo)
	reportRate(tb, "handovers", samples[0], samples[1], atLeast(floorHandover))
}

// handovers measures some locks that each have as many connections with one caller that wants it all the time. The echo
// has a connection for each lock, because as many hand-overs can happen at the same time.
func handovers(tb testing.TB, locks, callers int, options *wsclient.AcquireOptions) {
	broker := startServer(tb, roleBroker)
	c := &contender{name: "handovers"}
	for i := range locks {
		c.contest(lockName(i), dialBroker(tb, broker, callers), callers, options)
	}
	echo := plainEcho(tb, locks, oneLock(lockName(1)))
	samples := measure(tb, c, echo)
	reportRate(tb, "handovers", samples[0], samples[1], atLeast(floorHandovers))
}

// handoverCrowd measures one lock with more callers, and compares it with 64 callers.
func handoverCrowd(tb testing.TB, fewConnections, connections, callers int) {
	broker := startServer(tb, roleBroker)
	c := contested("crowd", lockName(2), dialBroker(tb, broker, connections), callers, nil)
	few := contested("64 callers", lockName(3), dialBroker(tb, broker, fewConnections), 64, nil)
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

// watched measures one caller while n sessions watch it. The watchers read all changes and do nothing with them. A
// third contender is the same caller at a broker without watchers.
func watched(tb testing.TB, n int) {
	broker, unwatched := startServer(tb, roleBroker), startServer(tb, roleBroker)
	c := ownLocks("watched", dialBroker(tb, broker, 1), 1, nil)
	alone := ownLocks("not watched", dialBroker(tb, unwatched, 1), 1, nil)
	var told watchers
	for range n {
		told.add(tb, broker)
	}
	echo := plainEcho(tb, 1, oneLock(lockName(0)))
	samples := measure(tb, c, alone, echo)
	reportRate(tb, "pairs", samples[0], samples[2], nil)
	reportFigure(tb, "x/unwatched", ratio(samples[0], samples[1]), nil)
	if told.changes.Load() == 0 {
		tb.Error("the watchers read no change")
	}
	if n := told.lagged.Load(); n > 0 {
		tb.Logf("watchers lagged %d times, so they did not read every change", n)
	}
}

func BenchmarkMixed(b *testing.B) { mixed(b, 10, 100) }

// mixed measures what programs do: most requests are for a lock that nobody else wants, some share a lock, some are for
// several locks. The echo has as many frames in flight, in the same mixture.
func mixed(tb testing.TB, connections, callers int) {
	broker := startServer(tb, roleBroker)
	c := mixture(dialBroker(tb, broker, connections), callers)
	echo := gatheredEcho(tb, connections, callers/connections, mixedFrames())
	samples := measure(tb, c, echo)
	reportRate(tb, "pairs", samples[0], samples[1], nil)
}

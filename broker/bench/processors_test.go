package bench

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

func BenchmarkProcessors(b *testing.B) {
	b.Run("100-connections", func(b *testing.B) { oneAndTwo(b, 100, 1) })
	b.Run("4-clients", func(b *testing.B) { oneAndTwo(b, 4, 64) })
}

// oneAndTwo measures callers on some connections of a broker that uses one processor, and of one that uses two, beside
// echoes that use as many. From what a pair costs the first one it predicts what the second one can do, and what
// brokers with more processors could do.
//
// If the machine has no third processor, the second broker shares one with the load.
func oneAndTwo(tb testing.TB, connections, callersEach int) {
	profile := filepath.Join(tb.TempDir(), "cpu")
	brokers := []*process{
		startRole(tb, roleQuiet, startPinned, onProcessors(1), profileVariable+"="+profile),
		startRole(tb, roleQuiet, startApart, onProcessors(2)),
	}
	var contenders []*contender
	for _, broker := range brokers {
		c := ownLocks("processors", dialBroker(tb, broker, connections), connections*callersEach, nil)
		c.server = broker
		contenders = append(contenders, c)
	}
	for i, start := range []func(func() error) error{startPinned, startApart} {
		contenders = append(contenders, echoOn(tb, start, i+1, connections, callersEach))
	}
	samples := measureLonger(tb, 2, contenders...)
	brokers[0].stop() // writes the profile
	reportRate(tb, "pairs", samples[0], samples[2], nil)
	reportFigure(tb, "x/1-processor", ratio(samples[1], samples[0]), nil)
	reportFigure(tb, "x/1-processor-echo", ratio(samples[3], samples[2]), nil)
	if summary(samples[0]).cost > 0 {
		reportModel(tb, samples[0], samples[1], readShares(tb, profile))
	}
}

// echoOn returns an echo of the same shape as the load of a broker, on some processors.
func echoOn(tb testing.TB, start func(func() error) error, processors, connections, depth int) *contender {
	frames := oneLock(lockName(0))
	if depth == 1 {
		return plainEchoOf(tb, startRole(tb, roleEcho, start, onProcessors(processors)), connections, frames)
	}
	server := startRole(tb, roleGathered, start, onProcessors(processors))
	return gatheredEchoOf(tb, server, connections, depth, frames)
}

func onProcessors(n int) string { return fmt.Sprint("GOMAXPROCS=", n) }

// reportModel reports what a pair costs, what the model predicts, and how well it predicts the rate on two processors.
// one and two are the samples of a broker on one processor and on two.
func reportModel(tb testing.TB, one, two []sample, s shares) {
	tb.Helper()
	measured := summary(one)
	cost := pairCost{total: measured.cost, loop: time.Duration(s.loop * float64(measured.cost))}
	shares := map[string]float64{"loop": s.loop, "reader": s.reader, "writer": s.writer, "rest": s.rest}
	for unit, share := range shares {
		report(tb, share*float64(cost.total)/1e3, unit+"-µs/pair")
	}
	reportCost(tb, "broker-µs/pair", one)
	reportCost(tb, "broker-µs/pair-on-2", two)
	if cost.loop == 0 {
		tb.Log("the profile is too short: it has no sample of the loop")
		return
	}
	predicted := cost.rate(2)
	if processorsApart() < 2 {
		predicted = cost.rateBeside(measured.load, 2)
	}
	reportFigure(tb, "measured/model-on-2", summary(two).rate/predicted, nil)
	tablesFor(tb).model(workload(tb), cost)
}

package bench

import (
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A pairCost is the processor time that a broker needs for a pair.
type pairCost struct {
	loop  time.Duration // of the loop, which is one goroutine
	total time.Duration // of all goroutines, the loop included, and of the Go runtime
}

// rate returns the greatest number of pairs a second. The loop runs on one processor at a time; everything else runs on
// as many as there are. The model is a pipeline without waiting: it assumes that more processors do not make a pair
// cost more, and that clients always have requests in flight.
func (c pairCost) rate(processors int) float64 {
	return min(1/c.loop.Seconds(), float64(processors)/c.total.Seconds())
}

// rateBeside is rate with a load on the same processors, which needs that much of them for a pair, on one thread.
func (c pairCost) rateBeside(load time.Duration, processors int) float64 {
	both := pairCost{loop: max(c.loop, load), total: c.total + load}
	return both.rate(processors)
}

// saturation returns the number of processors from which on the loop is the limit.
func (c pairCost) saturation() int {
	return int(math.Ceil(float64(c.total) / float64(c.loop)))
}

// Shares of the processor time of a broker.
type shares struct {
	loop, reader, writer float64
	rest                 float64 // the Go runtime: scheduler, network poller, garbage collector
}

// Those that the goroutines of a broker begin with.
const (
	loopFunction   = "/broker.(*loop).run"
	readerFunction = "/broker.(*reader).run"
	writerFunction = "/broker.(*writer).run"
)

// sharesOf returns the shares in a CPU profile, as go tool pprof -traces prints it, or zeros if it has no
// samples. Handshakes do not count.
func sharesOf(traces string) (shares, error) {
	var took [4]time.Duration
	for _, trace := range strings.Split(traces, "\n-----------+")[1:] {
		value, stack, found := strings.Cut(afterLine(trace), "   ")
		if !found || strings.Contains(stack, "net/http.(*conn).serve") {
			continue
		}
		d, err := time.ParseDuration(strings.TrimSpace(value))
		if err != nil {
			return shares{}, fmt.Errorf("parse trace %.80q: %w", trace, err)
		}
		took[kindOf(stack)] += d
	}
	total := took[0] + took[1] + took[2] + took[3]
	if total == 0 {
		return shares{}, nil
	}
	of := func(d time.Duration) float64 { return float64(d) / float64(total) }
	return shares{loop: of(took[0]), reader: of(took[1]), writer: of(took[2]), rest: of(took[3])}, nil
}

// kindOf returns which kind of goroutine has that stack, as an index in the order of the fields of shares.
func kindOf(stack string) int {
	for i, function := range []string{loopFunction, readerFunction, writerFunction} {
		if strings.Contains(stack, function) {
			return i
		}
	}
	return 3
}

// afterLine returns what follows the first line, without leading space.
func afterLine(text string) string {
	_, after, _ := strings.Cut(text, "\n")
	return strings.TrimLeft(after, " ")
}

// readShares reads a CPU profile of a broker.
func readShares(tb testing.TB, profile string) shares {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "go", "tool", "pprof", "-traces", profile).Output()
	if err != nil {
		tb.Fatalf("go tool pprof: %v", err)
	}
	s, err := sharesOf(string(out))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

package bench

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A contender takes turns with others.
type contender struct {
	name    string
	workers []*worker
	flight  int // how many requests are under way at any time
}

// A worker does the same again and again.
type worker struct {
	begin  func() error                  // at the beginning of a turn; nil: nothing
	once   func() (time.Duration, error) // how long it has taken
	finish func() error                  // at the end of a turn; nil: nothing

	count int64 // in this turn, of what was done while it was measured
	took  *hdrhistogram.Histogram
}

// newHistogram is one of nanoseconds, exact to a hundredth.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(time.Minute), 2)
}

func record(h *hdrhistogram.Histogram, took time.Duration) {
	_ = h.RecordValue(min(max(int64(took), 1), int64(time.Minute))) // within the range: no error
}

// A turn is measured after a while, and then ends.
type turn struct {
	state  atomic.Int32
	failed chan error // has room for the first
}

const (
	begins int32 = iota
	counts
	over
)

// fail ends the turn before its time.
func (t *turn) fail(err error) {
	t.state.Store(over)
	select {
	case t.failed <- err:
	default:
	}
}

// run is the worker's turn. What has been done when the time is over counts, whenever it was
// begun; what is done later does not.
func (w *worker) run(t *turn) error {
	w.count = 0
	if w.took == nil {
		w.took = newHistogram()
	}
	w.took.Reset()
	if w.begin != nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	for t.state.Load() != over {
		took, err := w.once()
		if err != nil {
			return err
		}
		if t.state.Load() == counts {
			w.count++
			record(w.took, took)
		}
	}
	if w.finish != nil {
		return w.finish()
	}
	return nil
}

// A sample is what a turn has shown.
type sample struct {
	rate     float64 // a second
	p50, p99 time.Duration
	flight   float64 // rate times mean latency: how many were under way, on average
}

// turn lets all workers work at once.
func (c *contender) turn(warmup, duration time.Duration) (sample, error) {
	t := &turn{failed: make(chan error, 1)}
	var working sync.WaitGroup
	for _, w := range c.workers {
		working.Go(func() {
			if err := w.run(t); err != nil {
				t.fail(err)
			}
		})
	}
	<-time.After(warmup)
	t.state.CompareAndSwap(begins, counts)
	start := time.Now()
	<-time.After(duration)
	t.state.Store(over)
	measured := time.Since(start)
	working.Wait()
	select {
	case err := <-t.failed:
		return sample{}, err
	default:
	}
	var count int64
	took := newHistogram()
	for _, w := range c.workers {
		count += w.count
		took.Merge(w.took)
	}
	rate := float64(count) / measured.Seconds()
	return sample{
		rate:   rate,
		flight: rate * took.Mean() / float64(time.Second),
		p50:    time.Duration(took.ValueAtQuantile(50)),
		p99:    time.Duration(took.ValueAtQuantile(99)),
	}, nil
}

// warmup is how long a turn lasts before it is measured.
func warmup() time.Duration { return min(*turnTime/5, 200*time.Millisecond) }

// measure lets the contenders take turns, and returns the samples of each, one for
// each round.
func measure(tb testing.TB, contenders ...*contender) [][]sample {
	tb.Helper()
	samples := make([][]sample, len(contenders))
	pinned(tb, 1, func() {
		for range *rounds {
			for i, c := range contenders {
				s, err := c.turn(warmup(), *turnTime)
				if err != nil {
					tb.Fatalf("%s: %v", c.name, err)
				}
				samples[i] = append(samples[i], s)
			}
		}
	})
	for i, c := range contenders {
		c.checkFlight(tb, samples[i])
	}
	return samples
}

// checkFlight holds rates and latencies against each other, which are counted apart: by Little's law their product is
// what was under way. A stall at the end of a turn bends it, a mistake in the measuring more.
func (c *contender) checkFlight(tb testing.TB, samples []sample) {
	tb.Helper()
	seen := medianOf(samples, func(s sample) float64 { return s.flight })
	if want := float64(c.flight); seen < 0.9*want || seen > 1.1*want {
		tb.Logf("%s: by rates and latencies %.4g were under way, and not %.4g: do not trust them", c.name, seen, want)
	}
}

// pinned calls f while the load is pinned, and may have so many threads.
func pinned(tb testing.TB, threads int, f func()) {
	tb.Helper()
	unpin, err := pinLoad(threads)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := unpin(); err != nil {
			tb.Error(err)
		}
	}()
	f()
}

// fairness is the fewest that a worker has done, to the most, in a turn of its own. A turn ends in the
// middle of a queue, so that one more or less is nobody's fault: it lasts until there are
// about thirty for each.
func (c *contender) fairness(tb testing.TB, rate float64) float64 {
	tb.Helper()
	enough := time.Duration(30 * float64(len(c.workers)) / rate * float64(time.Second))
	pinned(tb, 1, func() {
		if _, err := c.turn(warmup(), min(enough, 30**turnTime)); err != nil {
			tb.Fatalf("%s: %v", c.name, err)
		}
	})
	fewest, most := c.workers[0].count, c.workers[0].count
	for _, w := range c.workers {
		fewest, most = min(fewest, w.count), max(most, w.count)
	}
	return float64(fewest) / float64(max(most, 1))
}

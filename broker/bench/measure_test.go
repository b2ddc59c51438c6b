package bench

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A contender is one side of a comparison. Contenders take turns.
type contender struct {
	name    string
	workers []*worker
	flight  int      // number of requests in flight at any time
	server  *process // whose processor time, and the load's, is measured; may be nil
}

// A worker repeats one operation during a turn.
type worker struct {
	begin  func() error                  // called at the beginning of a turn; may be nil
	once   func() (time.Duration, error) // does the operation and returns how long it took
	finish func() error                  // called at the end of a turn; may be nil

	count int64 // operations in the measured part of this turn
	took  *latencies
}

// newHistogram returns a histogram of nanoseconds with an error of at most 1 %.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(time.Minute), 2)
}

func record(h *hdrhistogram.Histogram, took time.Duration) {
	_ = h.RecordValue(min(max(int64(took), 1), int64(time.Minute))) // no error: the value is in range
}

// A turn warms up, is measured, and ends.
type turn struct {
	state   atomic.Int32
	failed  chan error // has room for one error, the first
	counted chan struct{}
	count   func() // closes counted: the measured part has an operation, or the turn has failed
}

func newTurn() *turn {
	t := &turn{failed: make(chan error, 1), counted: make(chan struct{})}
	t.count = sync.OnceFunc(func() { close(t.counted) })
	return t
}

const (
	begins int32 = iota
	counts
	over
)

// fail ends the turn early.
func (t *turn) fail(err error) {
	t.state.Store(over)
	select {
	case t.failed <- err:
	default:
	}
	t.count()
}

// run repeats the operation until the turn is over. An operation counts if it ends in the measured part, whenever it
// began.
func (w *worker) run(t *turn) error {
	w.count = 0
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
			if w.count == 1 {
				t.count()
			}
			w.took.add(took)
		}
	}
	if w.finish != nil {
		return w.finish()
	}
	return nil
}

// A sample is the result of one turn.
type sample struct {
	rate     float64 // operations in a second
	p50, p99 time.Duration
	flight   float64       // rate times mean latency: the average number of requests in flight
	cost     time.Duration // processor time of the server for an operation; 0 if it is not known
	load     time.Duration // the same of this process
}

// turn runs all workers at the same time and returns what they did after the warm-up. It lasts longer than duration if
// no operation has ended by then.
func (c *contender) turn(warmup, duration time.Duration) (sample, error) {
	t, seen := newTurn(), newLatencies(c.workers)
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
	server, load := c.processorTimes()
	<-time.After(duration)
	<-t.counted
	t.state.Store(over)
	measured := time.Since(start)
	serverAtEnd, loadAtEnd := c.processorTimes()
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
	}
	for _, l := range seen {
		took.Merge(l.took)
	}
	rate := float64(count) / measured.Seconds()
	return sample{
		rate:   rate,
		flight: rate * took.Mean() / float64(time.Second),
		cost:   (serverAtEnd - server) / time.Duration(max(count, 1)),
		load:   (loadAtEnd - load) / time.Duration(max(count, 1)),
		p50:    time.Duration(took.ValueAtQuantile(50)),
		p99:    time.Duration(took.ValueAtQuantile(99)),
	}, nil
}

// warmup returns how long a turn lasts before its measured part.
func warmup() time.Duration { return min(*turnTime/5, 200*time.Millisecond) }

// measure makes the contenders take turns. It returns the samples of each contender, one for each round.
func measure(tb testing.TB, contenders ...*contender) [][]sample {
	tb.Helper()
	return measureLonger(tb, 1, contenders...)
}

// measureLonger is measure with turns and warm-ups that are so many times as long.
func measureLonger(tb testing.TB, times int, contenders ...*contender) [][]sample {
	tb.Helper()
	samples := make([][]sample, len(contenders))
	pinned(tb, 1, func() {
		for range *rounds {
			for i, c := range contenders {
				s, err := c.turn(time.Duration(times)*warmup(), time.Duration(times)**turnTime)
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

// checkFlight checks rates against latencies, which are measured separately. By Little's law their product is the
// number of requests in flight. If it is off by more than a tenth, the log says that the figures are unreliable.
func (c *contender) checkFlight(tb testing.TB, samples []sample) {
	tb.Helper()
	seen := medianOf(samples, func(s sample) float64 { return s.flight })
	if want := float64(c.flight); seen < 0.9*want || seen > 1.1*want {
		tb.Logf("%s: rate times latency gives %.4g requests in flight, want %.4g: the figures are unreliable",
			c.name, seen, want)
	}
}

// pinned calls f while this process is pinned to the processor of the load, with that many threads.
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

// fairness runs a turn and returns the count of the worker that did least, divided by the count of the one that did
// most. A turn ends in the middle of the queue, so counts differ by one even if the broker is fair. So that this
// hardly matters, the turn lasts until each worker has about thirty.
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

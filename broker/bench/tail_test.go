package bench

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// mostTail is what 999 in 1,000 acquires of another client must not exceed, in microseconds.
const mostTail = 5_000

// tailThreads are more than there are goroutines that are busy.
const tailThreads = 8

func BenchmarkTail(b *testing.B) {
	for _, c := range tailCases {
		b.Run(c.name, func(b *testing.B) { tail(b, full, c.happening) })
	}
}

// tailCases are what goes on meanwhile.
var tailCases = []struct {
	name      string
	happening func(testing.TB, *process, scale) happening
}{
	{"nothing", nothing},
	{"drop", dropping},
	{"info", paging},
	{"grants", granting},
	{"flood", flooding},
}

// A happening is what the broker is busy with, again and again.
type happening struct {
	prepare func() error // nil: nothing to prepare
	happen  func() error // returns when it is over
	after   func() error // nil: nothing to put in order
}

// tail measures how long another client waits for a lock that nobody else wants, while something
// goes on. It asks for the next one when it has given back the last. What it asked for before that
// began, or after it was over, does not count.
//
// What makes the broker busy comes from this process: the client shares its processor with
// that, and with reading what the broker says about it. It has threads enough, though, for one of them to be waiting for the network all
// the time: with a single one that is busy Go looks only every 10 ms for what has arrived.
func tail(tb testing.TB, s scale, what func(testing.TB, *process, scale) happening) {
	broker := startServer(tb, roleBroker)
	other := &caller{client: dialBroker(tb, broker, 1)[0], name: "tail/other"}
	h := what(tb, broker, s)
	took := newHistogram()
	pinned(tb, tailThreads, func() {
		for start := time.Now(); took.TotalCount() < int64(s.samples) && time.Since(start) < s.patience; {
			if err := h.once(other, took); err != nil {
				tb.Fatal(err)
			}
		}
	})
	reportTail(tb, took, atMost(mostTail))
}

// once lets it happen, and records how long the other has waited meanwhile.
func (h happening) once(other *caller, took *hdrhistogram.Histogram) error {
	if h.prepare != nil {
		if err := h.prepare(); err != nil {
			return err
		}
	}
	if _, err := other.pair(); err != nil { // it is awake
		return err
	}
	var over atomic.Bool
	asked := make(chan error, 1)
	asking := make(chan struct{})
	go func() {
		close(asking)
		asked <- other.askUntil(&over, took)
	}()
	<-asking
	err := h.happen()
	over.Store(true)
	if err := <-asked; err != nil {
		return err
	}
	if err == nil && h.after != nil {
		err = h.after()
	}
	return err
}

// askUntil acquires and releases until it is over, and records how long each acquire has
// taken.
func (c *caller) askUntil(over *atomic.Bool, took *hdrhistogram.Histogram) error {
	for !over.Load() {
		lock, waited, err := c.acquire()
		if err != nil {
			return err
		}
		record(took, waited)
		if err := lock.Release(); err != nil {
			return err
		}
	}
	return nil
}

// nothing is to compare with.
func nothing(testing.TB, *process, scale) happening {
	return happening{happen: func() error {
		<-time.After(*turnTime)
		return nil
	}}
}

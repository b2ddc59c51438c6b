package bench

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The bounds on the p99.9 of another client's acquires, in microseconds. The second one is for a machine with one more
// busy process.
const (
	mostTail     = 3_000
	mostBusyTail = 5_000
)

// tailThreads is more than the number of busy goroutines, so that one thread always waits for the network.
const tailThreads = 8

func BenchmarkTail(b *testing.B) {
	for _, c := range tailCases {
		b.Run(c.name, func(b *testing.B) { tail(b, chosen(), c, false) })
	}
	for _, c := range tailCases {
		b.Run(c.name+"-busy", func(b *testing.B) { tail(b, chosen(), c, true) })
	}
	for _, c := range floodCases {
		b.Run(c.name, func(b *testing.B) { underFlood(b, chosen(), c) })
	}
}

// A tailCase is something that keeps the broker busy.
type tailCase struct {
	name        string
	disturbance func(address string, s scale) (disturbance, error)
}

var tailCases = []tailCase{
	{"nothing", nothing},
	{"drop", dropping},
	{"info", paging},
	{"grants", granting},
	{"flood", flooding},
}

// A disturbance keeps the broker busy. It is repeated. The functions may be nil.
type disturbance struct {
	prepare func() error
	run     func() error // returns when the broker has done the work
	after   func() error // cleans up
}

// tail measures how long another client waits for a lock that nobody else wants during a disturbance. The client sends
// its next acquire when it has released. An acquire outside the disturbance does not count. busy adds a process that
// computes all the time.
func tail(tb testing.TB, s scale, c tailCase, busy bool) {
	broker := startServer(tb, roleBroker)
	other := &caller{client: dialBroker(tb, broker, 1)[0], name: "tail/other"}
	d := disturbing(tb, broker, c.name, s)
	bound := atMost(mostTail)
	if busy {
		startSpinning(tb)
		bound = atMost(mostBusyTail)
	}
	took := newHistogram()
	pinned(tb, tailThreads, func() {
		for start := time.Now(); took.TotalCount() < int64(s.samples) && time.Since(start) < s.patience; {
			if err := d.once(other, took); err != nil {
				tb.Fatal(err)
			}
		}
	})
	reportTail(tb, took, bound)
}

// once runs the disturbance, and records how long the other client waits during it.
func (d disturbance) once(other *caller, took *hdrhistogram.Histogram) error {
	if d.prepare != nil {
		if err := d.prepare(); err != nil {
			return err
		}
	}
	if _, err := other.pair(); err != nil { // its connection is awake
		return err
	}
	var over atomic.Bool
	asked := make(chan error, 1)
	asking := make(chan struct{})
	go func() {
		close(asking)
		asked <- other.pairsUntil(&over, took)
	}()
	<-asking
	err := d.run()
	over.Store(true)
	if err := <-asked; err != nil {
		return err
	}
	if err == nil && d.after != nil {
		err = d.after()
	}
	return err
}

// pairsUntil acquires and releases until over is set, and records how long each acquire takes.
func (c *caller) pairsUntil(over *atomic.Bool, took *hdrhistogram.Histogram) error {
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

// nothing leaves the broker idle, for comparison.
func nothing(string, scale) (disturbance, error) {
	return disturbance{run: func() error {
		<-time.After(*turnTime)
		return nil
	}}, nil
}

package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// digits is the number of significant digits of a time.
const digits = 3

// A times is a collection of measured durations. It uses a sparse histogram, which takes a few kilobytes for any
// number of samples. There may be very many goroutines with two histograms each, and hundreds of millions of samples
// in an hour.
type times struct{ histogram *hdrhistogram.PackedHistogram }

func newTimes() times {
	return times{hdrhistogram.NewPacked(1, int64(2*maxTime), digits)}
}

func (t times) add(d time.Duration) {
	_ = t.histogram.RecordValue(int64(d)) // In range: nothing lasts longer than the plan.
}

func (t times) merge(other times) { t.histogram.Merge(other.histogram) }

// Latency summarizes how long something took, to three significant digits. Half of the Count samples took at
// most P50, and so on.
type Latency struct {
	Count                    int64
	P50, P90, P99, P999, Max time.Duration
}

func (t times) latency() Latency {
	v := t.histogram.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9, 100})
	at := func(i int) time.Duration { return significant(time.Duration(v[i])) }
	return Latency{Count: t.histogram.TotalCount(), P50: at(0), P90: at(1), P99: at(2), P999: at(3), Max: at(4)}
}

// significant rounds d to the precision of the histogram, which only knows ranges of times.
func significant(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

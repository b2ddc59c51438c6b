package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// digits is how many significant digits of a time are kept.
const digits = 3

// times is how long something took, each time. It needs a few kilobytes, however
// many there are: an hour has hundreds of millions. It is the sparse kind of
// histogram, since there are two for each goroutine, of which there may be very many.
type times struct{ histogram *hdrhistogram.PackedHistogram }

func newTimes() times {
	return times{hdrhistogram.NewPacked(1, int64(2*maxTime), digits)}
}

func (t times) add(d time.Duration) {
	_ = t.histogram.RecordValue(int64(d)) // it fits: nothing lasts longer than the plan
}

func (t times) merge(other times) { t.histogram.Merge(other.histogram) }

// Latency is how long something took, to three significant digits: half of Count
// were not slower than P50, and so on.
type Latency struct {
	Count                    int64
	P50, P90, P99, P999, Max time.Duration
}

func (t times) latency() Latency {
	v := t.histogram.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9, 100})
	at := func(i int) time.Duration { return significant(time.Duration(v[i])) }
	return Latency{Count: t.histogram.TotalCount(), P50: at(0), P90: at(1), P99: at(2), P999: at(3), Max: at(4)}
}

// significant rounds to what is known of a time: a histogram keeps not the times,
// but between which bounds they were.
func significant(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

package metrics

import (
	"math"
	"time"
)

// The buckets of a [Histogram] are those of Prometheus' native histograms with schema 3: each octave
// has 8 of them, so that each upper bound is 2^(1/8) times the one before, about 9 % more.
const (
	schema       = 3
	perOctave    = 1 << schema
	lowestPower  = -24 // 2^-24 s, about 60 ns: durations up to this count as zero
	highestPower = 26  // 2^26 s, about two years: longer durations go into the last bucket
	buckets      = (highestPower - lowestPower) * perOctave

	zeroThreshold = 1.0 / (1 << -lowestPower)
)

// bounds are the upper bounds of the buckets of the octave from 1/2 to 1, except the last, 1.
var bounds = [perOctave - 1]float64{
	0.5452538663326288, 0.5946035575013605, 0.6484197773255048, 0.7071067811865475,
	0.7711054127039704, 0.8408964152537144, 0.9170040432046711,
}

// A Histogram counts durations in buckets. Only one goroutine may use it. A copy of it is a snapshot.
//
// Prometheus' own histogram may be used by many goroutines at once. Observing a duration with it
// costs about eight times as much: see BenchmarkObserve.
type Histogram struct {
	count, zero int64
	sum         float64 // in seconds
	buckets     [buckets]int64
}

// Observe counts a duration.
func (h *Histogram) Observe(d time.Duration) {
	seconds := d.Seconds()
	h.count++
	h.sum += seconds
	if seconds <= zeroThreshold {
		h.zero++
		return
	}
	h.buckets[bucketOf(seconds)]++
}

// bucketOf returns the index of the bucket of a duration above the zero threshold.
func bucketOf(seconds float64) int {
	fraction, power := math.Frexp(seconds)
	if fraction == 0.5 { // the upper bound of the octave below
		return min((power-1-lowestPower)*perOctave, buckets) - 1
	}
	i := 0
	for i < len(bounds) && fraction > bounds[i] {
		i++
	}
	return min((power-1-lowestPower)*perOctave+i, buckets-1)
}

// Count returns how many durations were observed.
func (h *Histogram) Count() int64 { return h.count }

// atMost returns how many of the durations were at most 2^power seconds.
func (h *Histogram) atMost(power int) int64 {
	n := h.zero
	for _, count := range h.buckets[:(power-lowestPower)*perOctave] {
		n += count
	}
	return n
}

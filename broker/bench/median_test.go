package bench

import (
	"cmp"
	"slices"
	"time"
)

// median returns the middle value, or the greater of the two middle ones.
func median[T cmp.Ordered](values []T) T {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// medianOf returns the median of f over the samples.
func medianOf[T cmp.Ordered](samples []sample, f func(sample) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = f(s)
	}
	return median(values)
}

// summary returns a sample that has the median of each figure.
func summary(samples []sample) sample {
	return sample{
		rate: medianOf(samples, func(s sample) float64 { return s.rate }),
		p50:  medianOf(samples, func(s sample) time.Duration { return s.p50 }),
		p99:  medianOf(samples, func(s sample) time.Duration { return s.p99 }),
		cost: medianOf(samples, func(s sample) time.Duration { return s.cost }),
		load: medianOf(samples, func(s sample) time.Duration { return s.load }),
	}
}

// ratio divides the rate of each round by the other side's rate in the same round, and returns the
// median.
func ratio(samples, to []sample) float64 {
	values := make([]float64, len(samples))
	for i := range samples {
		values[i] = samples[i].rate / to[i].rate
	}
	return median(values)
}

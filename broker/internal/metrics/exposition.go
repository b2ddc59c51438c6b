package metrics

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// The classic buckets of a [Histogram] end at every fourth power of two, in seconds, from 4^-6, about
// 0.2 ms, to 4^8, about 18 hours. They end where native buckets end, so both are exact.
const (
	lowestClassic  = -12
	highestClassic = 16
	classicStep    = 2
)

func classicBounds() (all []float64) {
	for power := lowestClassic; power <= highestClassic; power += classicStep {
		all = append(all, math.Exp2(float64(power)))
	}
	return all
}

// metric returns the durations so far as a histogram that is classic and native at once. Prometheus
// takes the form that it is configured to take.
func (h *Histogram) metric(desc *prometheus.Desc, labels ...string) prometheus.Metric {
	natives := make(map[int]int64)
	for i, count := range h.buckets {
		if count > 0 {
			natives[i+lowestPower*perOctave+1] = count
		}
	}
	classics := make(map[float64]uint64)
	for power := lowestClassic; power <= highestClassic; power += classicStep {
		classics[math.Exp2(float64(power))] = uint64(h.atMost(power))
	}
	count := uint64(h.count)
	return both{
		prometheus.MustNewConstNativeHistogram(desc, count, h.sum, natives, nil, uint64(h.zero),
			schema, zeroThreshold, time.Time{}, labels...),
		prometheus.MustNewConstHistogram(desc, count, h.sum, classics, labels...),
	}
}

// both is a native histogram that also has classic buckets. The library has no constant histogram with
// both.
type both struct {
	prometheus.Metric
	classic prometheus.Metric
}

// Write implements prometheus.Metric.
func (b both) Write(out *dto.Metric) error {
	var classic dto.Metric
	if err := b.classic.Write(&classic); err != nil {
		return err
	}
	if err := b.Metric.Write(out); err != nil {
		return err
	}
	out.Histogram.Bucket = classic.Histogram.Bucket
	out.Histogram.CreatedTimestamp = nil
	return nil
}

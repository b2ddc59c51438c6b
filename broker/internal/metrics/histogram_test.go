package metrics

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
)

// library returns a histogram of the Prometheus library with the buckets of a Histogram.
func library() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "h", Help: "h",
		Buckets:                      classicBounds(),
		NativeHistogramBucketFactor:  1.1,
		NativeHistogramZeroThreshold: zeroThreshold,
	})
}

func write(t *testing.T, m prometheus.Metric) *dto.Histogram {
	t.Helper()
	var out dto.Metric
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	h := out.GetHistogram()
	h.CreatedTimestamp = nil
	return h
}

// A Histogram puts each duration into the bucket into which the Prometheus library puts it, classic
// and native.
func TestHistogramAgreesWithTheLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	durations := []time.Duration{0, 1, 59, 60, time.Microsecond, time.Second, time.Hour, 300 * 24 * time.Hour}
	for power := -20; power <= 24; power++ {
		exact := time.Duration(math.Exp2(float64(power)) * float64(time.Second))
		durations = append(durations, exact-1, exact, exact+1)
	}
	for range 20_000 {
		durations = append(durations, time.Duration(math.Exp2(random.Float64()*54)))
	}
	theirs := library()
	var ours Histogram
	for _, d := range durations {
		ours.Observe(d)
		theirs.Observe(d.Seconds())
	}
	desc := prometheus.NewDesc("h", "h", nil, nil)
	got, want := write(t, ours.metric(desc)), write(t, theirs)
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A duration beyond the last bucket is counted there, and so is the longest one that a program can name.
func TestHistogramCountsWhatIsTooLong(t *testing.T) {
	var h Histogram
	h.Observe(math.MaxInt64)
	h.Observe(time.Duration(math.Exp2(highestPower)) * time.Second)
	if h.buckets[buckets-1] != 2 || h.count != 2 {
		t.Errorf("%d of %d in the last bucket, want 2", h.buckets[buckets-1], h.count)
	}
}

func BenchmarkObserve(b *testing.B) {
	durations := make([]time.Duration, 1024)
	for i := range durations {
		durations[i] = time.Duration(math.Exp2(rand.Float64() * 40))
	}
	b.Run("ours", func(b *testing.B) {
		var h Histogram
		for i := 0; b.Loop(); i++ {
			h.Observe(durations[i%len(durations)])
		}
	})
	b.Run("library", func(b *testing.B) {
		h := library()
		for i := 0; b.Loop(); i++ {
			h.Observe(durations[i%len(durations)].Seconds())
		}
	})
}

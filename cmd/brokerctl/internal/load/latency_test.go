package load

import (
	"testing"
	"time"
)

// Percentiles are computed over the samples of all workers.
func TestLatency(t *testing.T) {
	all := newTimes()
	for part := range 3 {
		times := newTimes()
		for n := 1; n <= 10_000; n++ {
			if n%3 == part {
				times.add(time.Duration(n) * time.Microsecond)
			}
		}
		all.merge(times)
	}
	want := Latency{10_000, 5 * ms, 9 * ms, 9900 * time.Microsecond, 9990 * time.Microsecond, 10 * ms}
	if got := all.latency(); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The longest possible time and a time of zero are both counted.
func TestLatencyBounds(t *testing.T) {
	all := newTimes()
	for range 2 {
		all.add(2 * maxTime)
		all.add(0)
	}
	if l := all.latency(); l.Count != 4 || l.P50 != 0 || l.Max < 2*maxTime*999/1000 {
		t.Errorf("got %+v", l)
	}
}

// Times have three significant digits in every unit.
func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "0.00µs",
		312:                     "0.31µs",
		41_300:                  "41.3µs",
		1_040_000:               "1.04ms",
		10 * ms:                 "10.0ms",
		999 * ms:                "999ms",
		12_300 * ms:             "12.3s",
		time.Hour + time.Second: "1h0m1s",
	} {
		if got := brief(d); got != want {
			t.Errorf("brief(%d) = %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]time.Duration{
		0: 0, 999: 999, 1004: 1000, 1005: 1010, 9996: 10000, 10_002_431: 10 * ms, 123_456: 123_000,
	} {
		if got := significant(d); got != want {
			t.Errorf("significant(%d) = %d, want %d", d, got, want)
		}
	}
}

package load

import (
	"time"

	"github.com/go-json-experiment/json"
)

// An object is the JSON form of a report. The names of its fields contain the units.
type object struct {
	Connections     int          `json:"connections"`
	Goroutines      int          `json:"goroutines"`
	Names           int          `json:"names"`
	Prefix          string       `json:"prefix"`
	Mode            string       `json:"mode"`
	Limit           int          `json:"limit,omitzero"`
	Hold            float64      `json:"hold_us"`
	Warmup          float64      `json:"warmup_seconds"`
	Duration        float64      `json:"duration_seconds"`
	Measured        float64      `json:"measured_seconds"`
	EndedBy         Ending       `json:"ended_by"`
	Error           string       `json:"error,omitzero"`
	Grants          int64        `json:"grants"`
	GrantsPerSecond float64      `json:"grants_per_second"`
	Acquire         *percentiles `json:"acquire_us,omitzero"`
	Pair            *percentiles `json:"acquire_release_us,omitzero"`
	ByGoroutine     fairness     `json:"grants_by_goroutine"`
	Waiting         int          `json:"waiting_at_end"`
	LongestWait     float64      `json:"longest_wait_at_end_us"`
}

type percentiles struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

type fairness struct {
	Fewest int64   `json:"fewest"`
	Most   int64   `json:"most"`
	Ratio  float64 `json:"ratio"`
}

// MarshalJSON returns the report as one object. It leaves out latencies without samples.
func (r *Report) MarshalJSON() ([]byte, error) {
	p := r.Plan
	o := object{
		Connections: p.Connections, Goroutines: p.Goroutines, Names: p.Names, Prefix: p.Prefix,
		Mode: p.mode(), Limit: p.Limit,
		Hold: micros(p.Hold), Warmup: p.Warmup.Seconds(), Duration: p.Duration.Seconds(),
		Measured: r.Measured.Seconds(), EndedBy: r.Ending,
		Grants: r.Grants, GrantsPerSecond: r.PerSecond(),
		ByGoroutine: fairness{r.Fewest, r.Most, r.Fairness()},
		Acquire:     r.Acquire.percentiles(), Pair: r.Pair.percentiles(),
		Waiting: r.Waiting, LongestWait: micros(r.LongestWait),
	}
	if r.Err != nil {
		o.Error = r.Err.Error()
	}
	return json.Marshal(o)
}

func (l Latency) percentiles() *percentiles {
	if l.Count == 0 {
		return nil
	}
	return &percentiles{micros(l.P50), micros(l.P90), micros(l.P99), micros(l.P999), micros(l.Max)}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

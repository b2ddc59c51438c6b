package load

import (
	"errors"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

func someReport() *Report {
	us := time.Microsecond
	return &Report{
		Plan: Plan{
			Connections: 4,
			Goroutines:  64,
			Names:       16,
			Prefix:      "load/",
			Hold:        ms,
			Warmup:      time.Second,
			Duration:    10 * time.Second,
		},
		Measured: 10 * time.Second, Ending: EndedByDuration,
		Grants:  120_000,
		Acquire: Latency{120_000, 41_300, 512 * us, 1040 * us, 12 * ms, 1200 * ms},
		Pair:    Latency{119_990, 82 * us, 900 * us, 2 * ms, 15 * ms, 1210 * ms},
		Fewest:  1800, Most: 1920,
		Waiting: 48, LongestWait: 7 * ms,
	}
}

// The report adds up the counts of all workers.
func TestReport(t *testing.T) {
	plan := goodPlan()
	plan.Goroutines = 3
	r := newRun(plan, []locker{&fake{}})
	for i, grants := range []int64{5, 2, 7} {
		w := r.workers[i]
		w.grants.Store(grants)
		for range grants {
			w.acquire.add(time.Duration(grants) * ms)
		}
		w.waited = time.Duration(i) * time.Second
	}
	got := r.report(EndedByDuration, 2*time.Second, nil)
	if got.Grants != 14 || got.PerSecond() != 7 || got.Fewest != 2 || got.Most != 7 || got.Fairness() != 2./7 {
		t.Errorf("got %+v", got)
	}
	if got.Acquire.Count != 14 || got.Acquire.P50 != 5*ms || got.Acquire.Max != 7*ms || got.Pair.Count != 0 {
		t.Errorf("got %v and %v", got.Acquire, got.Pair)
	}
	if got.Waiting != 2 || got.LongestWait != 2*time.Second {
		t.Errorf("%d waited, for %v", got.Waiting, got.LongestWait)
	}
}

func checkText(t *testing.T, r *Report, want string) {
	t.Helper()
	if got := string(r.AppendText(nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestText(t *testing.T) {
	checkText(t, someReport(),
		`64 goroutines on 4 connections, 16 names, exclusive, held for 1ms; measured for 10.0s
grants           120000, 12000 a second
latency               p50      p90      p99    p99.9      max
  acquire          41.3µs    512µs   1.04ms   12.0ms    1.20s
  with release     82.0µs    900µs   2.00ms   15.0ms    1.21s
by goroutine     fewest 1800, most 1920, ratio 0.938
waiting at end   48, longest 7.00ms
`)
}

// A report of a shorter run says so, and leaves out figures without samples.
func TestTextOfLess(t *testing.T) {
	early := someReport()
	early.Ending, early.Measured, early.Grants = EndedEarly, 2345*ms, 1
	early.Acquire.Count, early.Pair, early.Waiting = 1, Latency{}, 0
	early.Fewest, early.Most = 0, 1
	checkText(t, early,
		`64 goroutines on 4 connections, 16 names, exclusive, held for 1ms; `+
			`measured for 2.35s of 10s, until a signal
grants           1, 0 a second
latency               p50      p90      p99    p99.9      max
  acquire          41.3µs    512µs   1.04ms   12.0ms    1.20s
by goroutine     fewest 0, most 1, ratio 0.000
`)
	none := &Report{Plan: goodPlan(), Measured: ms, Ending: EndedByFailure, Waiting: 1}
	checkText(t, none, `1 goroutine on 1 connection, 1 name, exclusive; measured for 1.00ms of 1s, until a failure
no lock was granted; 1 waiting at the end
`)
}

func checkJSON(t *testing.T, r *Report, want string) {
	t.Helper()
	got, err := json.Marshal(r, jsontext.WithIndent("  "))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestJSON(t *testing.T) {
	checkJSON(t, someReport(), `{
  "connections": 4,
  "goroutines": 64,
  "names": 16,
  "prefix": "load/",
  "mode": "exclusive",
  "hold_us": 1000,
  "warmup_seconds": 1,
  "duration_seconds": 10,
  "measured_seconds": 10,
  "ended_by": "duration",
  "grants": 120000,
  "grants_per_second": 12000,
  "acquire_us": {
    "p50": 41.3,
    "p90": 512,
    "p99": 1040,
    "p99_9": 12000,
    "max": 1200000
  },
  "acquire_release_us": {
    "p50": 82,
    "p90": 900,
    "p99": 2000,
    "p99_9": 15000,
    "max": 1210000
  },
  "grants_by_goroutine": {
    "fewest": 1800,
    "most": 1920,
    "ratio": 0.9375
  },
  "waiting_at_end": 48,
  "longest_wait_at_end_us": 7000
}`)
}

// A report without grants leaves out the latencies.
func TestJSONOfLess(t *testing.T) {
	checkJSON(t,
		&Report{Plan: Plan{Limit: 3}, Measured: time.Second, Ending: EndedByFailure, Err: errors.New("gone")},
		`{
  "connections": 0,
  "goroutines": 0,
  "names": 0,
  "prefix": "",
  "mode": "shared",
  "limit": 3,
  "hold_us": 0,
  "warmup_seconds": 0,
  "duration_seconds": 0,
  "measured_seconds": 1,
  "ended_by": "failure",
  "error": "gone",
  "grants": 0,
  "grants_per_second": 0,
  "grants_by_goroutine": {
    "fewest": 0,
    "most": 0,
    "ratio": 1
  },
  "waiting_at_end": 0,
  "longest_wait_at_end_us": 0
}`)
}

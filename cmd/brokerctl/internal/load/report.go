package load

import "time"

// An Ending says why a run was over.
type Ending string

// The endings.
const (
	EndedByDuration Ending = "duration" // it was over as planned
	EndedEarly      Ending = "signal"   // the context has ended
	EndedByFailure  Ending = "failure"  // see the error
)

// A Report is what was measured.
type Report struct {
	Plan     Plan
	Measured time.Duration // the plan's duration, unless it was over early
	Ending   Ending
	Err      error // with EndedByFailure

	Grants  int64
	Acquire Latency // from asking to the grant
	Pair    Latency // Acquire, and from the release to its confirmation

	Fewest, Most int64 // grants of a goroutine

	// Those who still waited at the end are not in Acquire.
	Waiting     int
	LongestWait time.Duration
}

// PerSecond is how many grants there were in a second.
func (r *Report) PerSecond() float64 { return float64(r.Grants) / r.Measured.Seconds() }

// Fairness is the fewest grants of a goroutine as a part of the most: 1 when all
// got as many, 0 when one got none.
func (r *Report) Fairness() float64 {
	if r.Most == 0 {
		return 1
	}
	return float64(r.Fewest) / float64(r.Most)
}

// report puts together what the workers have counted.
func (r *run) report(ending Ending, measured time.Duration, err error) *Report {
	report := &Report{Plan: r.plan, Measured: measured, Ending: ending, Err: err, Fewest: r.workers[0].grants.Load()}
	acquire, pair := newTimes(), newTimes()
	for _, w := range r.workers {
		acquire.merge(w.acquire)
		pair.merge(w.pair)
		grants := w.grants.Load()
		report.Grants += grants
		report.Fewest, report.Most = min(report.Fewest, grants), max(report.Most, grants)
		if w.waited > 0 {
			report.Waiting++
			report.LongestWait = max(report.LongestWait, significant(w.waited))
		}
	}
	report.Acquire, report.Pair = acquire.latency(), pair.latency()
	return report
}

package load

import "time"

// An Ending says why a run ended.
type Ending string

// The endings.
const (
	EndedByDuration Ending = "duration" // as planned
	EndedEarly      Ending = "signal"   // its context ended
	EndedByFailure  Ending = "failure"  // see the error
)

// A Report is the result of a run.
type Report struct {
	Plan     Plan
	Measured time.Duration // the planned duration, or less if the run ended early
	Ending   Ending
	Err      error // with EndedByFailure

	Grants  int64
	Acquire Latency // from the request to the grant
	Pair    Latency // Acquire plus the time from the release to its confirmation

	Fewest, Most int64 // grants of one goroutine

	// Waiting requests at the end do not count in Acquire.
	Waiting     int
	LongestWait time.Duration
}

// PerSecond returns the grants per second.
func (r *Report) PerSecond() float64 { return float64(r.Grants) / r.Measured.Seconds() }

// Fairness returns Fewest / Most: 1 if all goroutines got the same number of grants, 0 if one got none.
func (r *Report) Fairness() float64 {
	if r.Most == 0 {
		return 1
	}
	return float64(r.Fewest) / float64(r.Most)
}

// report adds up the counts of the workers.
func (r *run) report(ending Ending, measured time.Duration, err error) *Report {
	report := &Report{
		Plan:     r.plan,
		Measured: measured,
		Ending:   ending,
		Err:      err,
		Fewest:   r.workers[0].grants.Load(),
	}
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

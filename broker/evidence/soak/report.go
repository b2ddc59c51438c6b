//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/trend"
)

// A report says what a run did and found. It is written as JSON and as Markdown.
type report struct {
	Passed      bool              `json:"passed"`
	Interrupted bool              `json:"interrupted"` // by Ctrl-C
	Began       time.Time         `json:"began"`
	Took        time.Duration     `json:"took"`
	Machine     string            `json:"machine"`
	Config      *config           `json:"config"`
	Cycles      int               `json:"cycles"`
	Lives       int               `json:"lives"`   // of the broker
	Pauses      int               `json:"pauses"`  // of the soak itself
	Stalled     time.Duration     `json:"stalled"` // of all client processes in Go together; excused
	Ran         time.Duration     `json:"ran"`     // likewise: how long they ran, counting that time
	Grants      int64             `json:"grants"`
	Operations  map[string]int64  `json:"operations"`
	Losses      map[string]int64  `json:"losses"`
	Faults      map[string]int64  `json:"faults"`
	Promises    []promiseReport   `json:"promises"`
	Unexpected  broken            `json:"unexpected"`
	Measures    []measureReport   `json:"measures"`
	Samples     map[string]sample `json:"samples"`
}

type sample [][]trend.Sample

// A promiseReport says how often a promise was checked and broken.
type promiseReport struct {
	Promise promise.Promise `json:"promise"`
	Name    string          `json:"name"`
	Checks  int64           `json:"checks"`
	Broken  broken          `json:"broken"`
}

// A measureReport says how a measure developed.
type measureReport struct {
	Name    string       `json:"name"`
	Unit    string       `json:"unit"`
	Decides bool         `json:"decides"`
	Trend   trend.Result `json:"trend"`
}

// report collects what there is to report.
func (s *soak) report(interrupted bool) *report {
	t := s.tally
	r := &report{
		Passed: t.isClean(), Interrupted: interrupted, Began: t.begin, Took: time.Since(t.begin),
		Machine: fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
			runtime.Version()),
		Config: s.config, Cycles: s.cycles, Lives: s.broker.life(), Grants: t.granted(),
		Samples: make(map[string]sample),
	}
	if s.bystanders != nil {
		r.Pauses = s.bystanders.pauses.total()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Operations, r.Losses, r.Faults = maps.Clone(t.operations), maps.Clone(t.losses), maps.Clone(t.faults)
	r.Unexpected, r.Stalled, r.Ran = t.unexpected, t.stalled, t.ran
	judged := s.judge.Checks()
	for _, p := range promise.All() {
		one := promiseReport{Promise: p, Name: p.String(), Checks: t.checks[p] + judged[p]}
		if b := t.broken[p]; b != nil {
			one.Broken = *b
		}
		r.Promises = append(r.Promises, one)
	}
	for _, m := range s.measures {
		result := m.series.Test(m.bound)
		r.Measures = append(r.Measures, measureReport{m.name, m.unit, m.decides, result})
		r.Samples[m.name] = m.series.Blocks()
		if m.decides && result.Rises {
			r.Passed = false
		}
	}
	return r
}

// verdict says in one line whether the run passed.
func (r *report) verdict() string {
	var wrong []string
	for _, p := range r.Promises {
		if p.Broken.Count > 0 {
			wrong = append(wrong, fmt.Sprintf("%s broken %d times", p.Name, p.Broken.Count))
		}
	}
	if n := r.Unexpected.Count; n > 0 {
		wrong = append(wrong, fmt.Sprintf("%d unexpected errors", n))
	}
	for _, m := range r.Measures {
		if m.Decides && m.Trend.Rises {
			wrong = append(wrong, m.Name+" rises")
		}
	}
	what := fmt.Sprintf("%d cycles, %d grants, %d faults in %v", r.Cycles, r.Grants, sum(r.Faults),
		r.Took.Round(time.Second))
	if len(wrong) > 0 {
		return "FAILED: " + strings.Join(wrong, ", ") + " (" + what + ")"
	}
	if !r.showsGrowth() {
		what += "; too short to show whether anything grows"
	}
	return "passed: " + what
}

// stalledShare returns which share of their time the client processes in Go were stalled.
func (r *report) stalledShare() float64 { return float64(r.Stalled) / float64(max(r.Ran, 1)) }

// showsGrowth reports whether a measure that decides has enough samples.
func (r *report) showsGrowth() bool {
	return slices.ContainsFunc(r.Measures, func(m measureReport) bool { return m.Decides && !m.Trend.TooShort })
}

// write writes report.json and report.md to a folder.
func (r *report) write(dir string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "report.json"), append(text, '\n'), 0o600),
		os.WriteFile(filepath.Join(dir, "report.md"), []byte(r.markdown()), 0o600),
	)
}

// isGrant reports whether an operation is a request that was granted.
func isGrant(operation string) bool {
	return strings.HasSuffix(operation, ": granted") || operation == "elect: led"
}

// sorted returns the keys of counts, the greatest count first.
func sorted(counts map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return int(min(max(counts[b]-counts[a], -1), 1))
		}
		return strings.Compare(a, b)
	})
}

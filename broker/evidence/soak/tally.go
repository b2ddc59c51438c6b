//go:build linux

package main

import (
	"fmt"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
)

// keptDetails is how many violations of one promise, and how many unexpected errors, are kept in full.
const keptDetails = 20

// A tally counts what happened. Its methods may be called concurrently.
type tally struct {
	begin time.Time
	log   io.Writer

	mu         sync.Mutex
	operations map[string]int64
	losses     map[string]int64
	faults     map[string]int64
	checks     map[promise.Promise]int64
	broken     map[promise.Promise]*broken
	unexpected broken
	stalled    time.Duration // of all client processes in Go together
	ran        time.Duration // likewise
}

// A broken is a list of what went wrong, of which only the first are kept.
type broken struct {
	Count   int64    `json:"count"`
	Details []string `json:"details,omitempty"`
}

func (b *broken) add(detail string) {
	b.Count++
	if len(b.Details) < keptDetails {
		b.Details = append(b.Details, detail)
	}
}

func newTally(log io.Writer) *tally {
	return &tally{
		begin: time.Now(), log: log,
		operations: make(map[string]int64), losses: make(map[string]int64), faults: make(map[string]int64),
		checks: make(map[promise.Promise]int64), broken: make(map[promise.Promise]*broken),
	}
}

// progress writes a line about the progress.
func (t *tally) progress(format string, args ...any) {
	_, _ = fmt.Fprintf(t.log, "%8s  %s\n", time.Since(t.begin).Round(time.Millisecond), fmt.Sprintf(format,
		args...))
}

// check counts a check of a promise, and a violation unless ok.
func (t *tally) check(p promise.Promise, ok bool, format string, args ...any) {
	t.mu.Lock()
	t.checks[p]++
	t.mu.Unlock()
	if !ok {
		t.violation(promise.Violate(p, format, args...))
	}
}

func (t *tally) violation(v *promise.Violation) {
	t.progress("BROKEN %v", v)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken[v.Promise] == nil {
		t.broken[v.Promise] = &broken{}
	}
	t.broken[v.Promise].add(fmt.Sprintf("at %v: %s", time.Since(t.begin).Round(time.Millisecond), v.Detail))
}

// surprise counts an error that no fault explains.
func (t *tally) surprise(detail string) {
	t.progress("UNEXPECTED %s", detail)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unexpected.add(fmt.Sprintf("at %v: %s", time.Since(t.begin).Round(time.Millisecond), detail))
}

// loss counts a loss that was not reported by a client process.
func (t *tally) loss(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.losses[name]++
}

func (t *tally) fault(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[name]++
}

func (t *tally) add(c *record.Counts) {
	t.mu.Lock()
	for key, n := range c.Operations {
		t.operations[key] += n
	}
	for key, n := range c.Losses {
		t.losses[key] += n
	}
	t.stalled += c.Stalled
	t.ran += c.Ran
	for p, n := range c.Checks {
		t.checks[promise.Promise(p)] += n
	}
	t.mu.Unlock()
	for _, text := range c.Unexpected {
		t.surprise(text)
	}
}

// isClean reports whether nothing is broken so far.
func (t *tally) isClean() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.broken) == 0 && t.unexpected.Count == 0
}

// granted returns how many requests were granted.
func (t *tally) granted() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var sum int64
	for key, n := range t.operations {
		if isGrant(key) {
			sum += n
		}
	}
	return sum
}

func (t *tally) faultCounts() map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.faults)
}

package model

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unreachable are statements that no search reaches, with the reason.
var unreachable = map[string]string{}

// A coverage says for each line of the model with statements whether one of them was reached.
type coverage map[int]bool

// plus returns what c or other has reached.
func (c coverage) plus(other coverage) coverage {
	sum := coverage{}
	for _, part := range []coverage{c, other} {
		for n, reached := range part {
			sum[n] = sum[n] || reached
		}
	}
	return sum
}

var (
	process   = regexp.MustCompile(`^(?:proctype|init|unreached in proctype|unreached in)\s*(\w*)`)
	statement = regexp.MustCompile(`^\s+state\s+(\d+) -\(.*lock\.pml:(\d+) =>`)
	missed    = regexp.MustCompile(`^\s+lock\.pml:\d+, state (\d+), `)
)

// coverageOf returns the coverage of a search. states is what pan -d prints, and report is what the search prints.
func (s *source) coverageOf(states, report string) coverage {
	type place struct {
		process string
		state   int
	}
	notReached := map[place]bool{}
	in := ""
	for text := range strings.Lines(report) {
		if m := process.FindStringSubmatch(text); m != nil && strings.HasPrefix(text, "unreached in") {
			in = m[1]
		} else if m := missed.FindStringSubmatch(text); m != nil {
			n, _ := strconv.Atoi(m[1])
			notReached[place{in, n}] = true
		}
	}
	c := coverage{}
	for text := range strings.Lines(states) {
		if m := process.FindStringSubmatch(text); m != nil {
			in = m[1]
		} else if m := statement.FindStringSubmatch(text); m != nil {
			state, _ := strconv.Atoi(m[1])
			n, _ := strconv.Atoi(m[2])
			c[n] = c[n] || !notReached[place{in, state}]
		}
	}
	return c
}

// checkCoverage fails the test for each line that was not reached and is not listed, and for each that is listed and
// was reached.
func (s *source) checkCoverage(t *testing.T, c coverage) {
	t.Helper()
	if len(c) < 100 {
		t.Fatalf("the searches report only %d lines", len(c))
	}
	var listed []string
	for n, reached := range c {
		l := s.lines[n-1]
		text := strings.TrimSpace(l.text)
		if unreachable[text] != "" {
			listed = append(listed, text)
		}
		if !reached && unreachable[text] == "" {
			t.Errorf("%s: no search reaches %q", l.place, text)
		}
	}
	for text := range unreachable {
		if !slices.Contains(listed, text) {
			t.Errorf("listed as unreachable, but not in the model: %q", text)
		}
	}
}

// TestCoverageMisses shows that coverage tells reached statements from others: without evictions, nothing is lost.
func TestCoverageMisses(t *testing.T) {
	s := search{name: "no evictions", defines: "TIMELESS BOOTS=1 GRANTS=3", covers: true}
	m := load(t)
	reached := map[string]bool{}
	for n, yes := range s.run(t).coverage {
		if in := m.lines[n-1].in; in != "" {
			reached[in] = reached[in] || yes
		}
	}
	if yes, known := reached["client_lost"]; yes || !known || !reached["client_granted"] {
		t.Errorf("client_lost: %t of %t, client_granted: %t", yes, known, reached["client_granted"])
	}
}

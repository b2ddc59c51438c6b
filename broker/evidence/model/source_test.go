package model

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A source is the model in one file. Spin reports lines of included files as lines of the main file, so the test
// includes the files itself.
type source struct {
	text  string
	lines []line // of the text
}

// A line is a line of the model.
type line struct {
	place string // file:number
	text  string
	in    string // the inline that it belongs to, or ""
}

var (
	include    = regexp.MustCompile(`^#include "(\w+\.pml)"$`)
	inline     = regexp.MustCompile(`^inline (\w+)\(`)
	transition = regexp.MustCompile(`^(client|rival|broker|network|process|resource|clock)_\w+$`)
)

// load reads the model.
func load(t *testing.T) *source {
	t.Helper()
	s := &source{}
	s.add(t, "lock.pml")
	return s
}

func (s *source) add(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := ""
	for i, text := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if m := include.FindStringSubmatch(text); m != nil {
			s.add(t, m[1])
			continue
		}
		if m := inline.FindStringSubmatch(text); m != nil {
			in = m[1]
		}
		s.lines = append(s.lines, line{fmt.Sprintf("%s:%d", file, i+1), text, in})
		s.text += text + "\n"
		if text == "}" {
			in = ""
		}
	}
}

// transitionNames returns the names of all transitions, in the order of the model.
func (s *source) transitionNames() (names []string) {
	for _, l := range s.lines {
		if transition.MatchString(l.in) && !slices.Contains(names, l.in) {
			names = append(names, l.in)
		}
	}
	return names
}

var (
	trailStep = regexp.MustCompile(`(?m)^\s*(\d+):\s+proc\s+(\d+) \((\w+):\d+\) lock\.pml:(\d+)`)
	called    = regexp.MustCompile(`-> (\w+)\(([^)]*)\) \}`)
)

// transitions returns the transitions of a trail as printed by spin -t -p, one a line.
func (s *source) transitions(trail string) string {
	var b strings.Builder
	last := ""
	sessions := sessionProcesses(trail)
	for _, m := range trailStep.FindAllStringSubmatch(trail, -1) {
		n, _ := strconv.Atoi(m[4])
		if m[1] == last || n < 1 || n > len(s.lines) {
			continue
		}
		call := called.FindStringSubmatch(s.lines[n-1].text)
		if call == nil {
			continue
		}
		last = m[1]
		argument := call[2]
		if argument == "s" {
			argument = sessions[m[2]]
		}
		fmt.Fprintf(&b, "%6s  %-10s  %s(%s)\n", m[1], m[3], call[1], argument)
	}
	return b.String()
}

// sessionProcesses returns the argument of each process that has one. A process with a lower number has slot NOW. If
// only one of a kind takes part, its slot is unknown.
func sessionProcesses(trail string) map[string]string {
	kinds := map[string][]int{}
	for _, m := range trailStep.FindAllStringSubmatch(trail, -1) {
		n, _ := strconv.Atoi(m[2])
		if (m[3] == "Session" || m[3] == "Network") && !slices.Contains(kinds[m[3]], n) {
			kinds[m[3]] = append(kinds[m[3]], n)
		}
	}
	slots := map[string]string{}
	for _, numbers := range kinds {
		slices.Sort(numbers)
		for i, n := range numbers {
			slots[strconv.Itoa(n)] = "s"
			if len(numbers) == 2 {
				slots[strconv.Itoa(n)] = []string{"NOW", "EARLIER"}[i]
			}
		}
	}
	return slots
}

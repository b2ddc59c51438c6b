package model

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// A search is one run of the model checker.
type search struct {
	name    string
	defines string // what the model contains, without -D
	formula string // the LTL formula that it checks; "": the assertions
	planted bool   // the model has a fault, so the search ends early
	covers  bool   // it reports which statements it has reached, which is slower
}

// A result is what a search has found.
type result struct {
	states    int
	violation *promise.Violation // nil if there is none
	trail     string             // the transitions that lead to the violation
	broken    string             // why the search proves nothing; or ""
	coverage  coverage
}

// run compiles the model and searches it.
func (s search) run(t *testing.T) result {
	t.Helper()
	needs.Programs(t, "spin", "cc")
	dir := t.TempDir()
	m := load(t)
	if err := os.WriteFile(filepath.Join(dir, "lock.pml"), []byte(m.text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range s.compile() {
		if out, err := execute(t, dir, command); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
	out, err := execute(t, dir, s.pan())
	if err != nil && !strings.Contains(out, "errors: ") {
		t.Fatalf("%v\n%s", err, out)
	}
	r := parse(out)
	if r.violation != nil {
		trail, _ := execute(t, dir, s.replay())
		r.trail = m.transitions(trail)
	}
	if s.covers {
		states, err := execute(t, dir, []string{"./pan", "-d"})
		if err != nil && states == "" {
			t.Fatal(err)
		}
		r.coverage = m.coverageOf(states, out)
	}
	return r
}

// arguments returns the defines of s as arguments.
func (s search) arguments() (arguments []string) {
	for define := range strings.FieldsSeq(s.defines) {
		arguments = append(arguments, "-D"+define)
	}
	if s.formula != "" {
		return append(arguments, "-DLIVENESS", "-DPROMPT")
	}
	if s.covers {
		arguments = append(arguments, "-DCOVERAGE")
	}
	return arguments
}

// compile returns the commands that make the program pan, which searches.
func (s search) compile() [][]string {
	spin := append(append([]string{"spin", "-a"}, s.arguments()...), "lock.pml")
	// Breadth-first search finds the shortest trail. It cannot check formulas, and does not report coverage.
	kind := []string{"-O1", "-DSAFETY"}
	switch {
	case s.formula != "":
		kind = []string{"-O1", "-DNFAIR=4"}
	case s.covers:
		kind = []string{"-O0", "-DSAFETY"}
	case s.planted:
		kind = []string{"-O0", "-DSAFETY", "-DBFS"}
	}
	cc := append(append([]string{"cc", "-w", "-DMEMLIM=3000"}, kind...), "-o", "pan", "pan.c")
	return [][]string{spin, cc}
}

// pan returns the command that searches.
func (s search) pan() []string {
	command := []string{"./pan", "-m1000000", "-w20"}
	if s.formula != "" {
		return append(command, "-a", "-f", "-N", s.formula)
	}
	if strings.Contains(s.defines, "TIMELESS") {
		command = append(command, "-E") // without time, a client may wait forever
	}
	return command
}

// replay returns the command that prints the trail of a violation.
func (s search) replay() []string {
	return append(append([]string{"spin", "-t", "-p"}, s.arguments()...), "lock.pml")
}

// commands returns, for a person, what finds the violation again.
func (s search) commands() string {
	var b strings.Builder
	b.WriteString("in a copy of broker/evidence/model:\n")
	for _, command := range append(s.compile(), s.pan(), s.replay()) {
		fmt.Fprintf(&b, "\t%s\n", strings.Join(command, " "))
	}
	return b.String()
}

func execute(t *testing.T, dir string, command []string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), *limit)
	defer cancel()
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	if command[0] == "./pan" {
		c = exec.CommandContext(ctx, filepath.Join(dir, "pan"), command[1:]...)
	}
	c.Dir = dir
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.String(), err
}

var (
	errorsFound  = regexp.MustCompile(`errors: (\d+)`)
	statesStored = regexp.MustCompile(`(\d+) states, stored`)
	asserted     = regexp.MustCompile(`assertion violated \(\((\d+)>0\)(.*)`)
	formulaName  = regexp.MustCompile(`ltl formula P(\d+)`)
	cutShort     = regexp.MustCompile(`(?i)(max search depth too small|out of memory|search not completed|` +
		`aborting|block in d_step)`)
)

// parse reads the output of pan.
func parse(out string) (r result) {
	if m := statesStored.FindStringSubmatch(out); m != nil {
		r.states, _ = strconv.Atoi(m[1])
	}
	found := errorsFound.FindStringSubmatch(out)
	switch {
	case found == nil:
		r.broken = "pan has not finished:\n" + out
	case found[1] == "0":
		r.broken = cutShort.FindString(out)
	case asserted.MatchString(out):
		m := asserted.FindStringSubmatch(out)
		n, _ := strconv.Atoi(m[1])
		r.violation = promise.Violate(promise.Promise(n), "the assertion failed: %s", m[2])
	case strings.Contains(out, "acceptance cycle") && formulaName.MatchString(out):
		n, _ := strconv.Atoi(formulaName.FindStringSubmatch(out)[1])
		r.violation = promise.Violate(promise.Promise(n), "the formula is false on a cycle")
	default:
		r.broken = out
	}
	return r
}

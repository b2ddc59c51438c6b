package mutation

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// TestFaults: each fault fits the code, changes it, and compiles.
func TestFaults(t *testing.T) {
	faults := loadFaults(t)
	checker := newChecker(t, faults)
	numbers := make(map[string]bool)
	for _, f := range faults {
		if number := f.name[:3]; numbers[number] || number[2] != '-' {
			t.Errorf("%s: its name must begin with a number of its own", f.name)
		}
		numbers[f.name[:3]] = true
		if len(f.methods) == 0 {
			t.Errorf("%s: no method must find it", f.name)
		}
		sources, err := f.applyTo(root(t))
		if err != nil {
			t.Error(err)
			continue
		}
		if err := checker.check(sources); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

// TestScripts: the faults in the JavaScript client can be parsed.
func TestScripts(t *testing.T) {
	node := needs.Program(t, "node")
	for _, f := range loadFaults(t) {
		sources, err := f.applyTo(root(t))
		if err == nil {
			err = checkScripts(t, node, sources)
		}
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

// TestMalformedFaults: a fault that does not fit is an error.
func TestMalformedFaults(t *testing.T) {
	const good = "Title\npromise: P5 lease\ntests: ./x\n\nText.\n\n-- old a.go --\nold\n-- new --\nnew\n"
	f, err := parseFault("01-x", good)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.edits[0].apply("an old text"); got != "an new text" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, source := range []string{"", "old old"} {
		if _, err := f.edits[0].apply(source); err == nil {
			t.Errorf("an edit applies to %q", source)
		}
	}
	for _, wrong := range [][2]string{
		{"P5 lease", "P5 grace"}, {"P5 lease", "P50"}, {"tests", "guess"}, {"tests: ./x", "tests"},
		{"promise: P5 lease\n", ""}, {"-- new --", "new"}, {"old\n", ""}, {"\nText.\n", ""},
	} {
		if _, err := parseFault("01-x", strings.Replace(good, wrong[0], wrong[1], 1)); err == nil {
			t.Errorf("%q in place of %q is accepted", wrong[1], wrong[0])
		}
	}
}

// TestJudge: only a failing check counts.
func TestJudge(t *testing.T) {
	failing := exec.CommandContext(t.Context(), "go", "no-such-command").Run()
	for _, c := range []struct {
		out  string
		err  error
		want verdict
	}{
		{"ok", nil, missed},
		{"testing: warning: no tests to run\nPASS\n", nil, broken},
		{"--- FAIL: TestX (0.00s)\n", failing, found},
		{"not ok 3 - the lease\n", failing, found},
		{"panic: locktable: time ran backwards\n", failing, found},
		{"panic: P5 lease: a holds, and b is granted\n", failing, found},
		{"panic: test timed out after 1m30s\n--- FAIL: TestX\n", failing, broken},
		{"FAIL\tx [build failed]\n", failing, broken},
		{"out of disk\n", failing, broken},
		{"", errors.New("not started"), broken},
	} {
		if got := judge(c.out, c.err); got.verdict != c.want {
			t.Errorf("%q: got %s, want %s", c.out, got.verdict, c.want)
		}
	}
	for out, want := range map[string]verdict{
		"--- FAIL: TestSoak (9.00s)\n    soak_test.go:9: the clients in Node did nothing\n":   broken,
		"--- FAIL: TestSchedules (9.00s)\n    seed 7: P5 lease: a was granted, and b holds\n": found,
		"panic: locktable: time ran backwards\n--- FAIL: TestSchedules (0.00s)\n":             found,
	} {
		if got := judge(out, failing).named(); got.verdict != want {
			t.Errorf("%q: got %s, want %s", out, got.verdict, want)
		}
	}
}

// TestSample plants a few faults, and runs one method for each.
func TestSample(t *testing.T) {
	if *full {
		t.Skip("TestMatrix runs all faults")
	}
	faults := loadFaults(t)
	c := newSourceCopy(t, faults)
	for _, f := range faults {
		for _, m := range methods {
			if m.sample != f.name[3:] {
				continue
			}
			if o := runPlanted(t, c, f, m, f.methods[m.name]); o.verdict != found {
				t.Errorf("%s: %s must find it: %s, %s", f.name, m.name, o.verdict, o.detail)
			} else {
				t.Logf("%s: %s finds it in %.1fs: %s", f.name, m.name, o.took.Seconds(), o.detail)
			}
		}
	}
}

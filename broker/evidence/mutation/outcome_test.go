package mutation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A verdict says what a run of a method has shown.
type verdict string

const (
	found  verdict = "found"  // the method reported the fault
	missed verdict = "missed" // the run passed
	broken verdict = "broken" // the run shows nothing: it did not compile, did not start, or took too long
)

// An outcome is the result of one run of a method.
type outcome struct {
	verdict verdict
	took    time.Duration // without the time of the compiler
	detail  string        // the line of the output that says most
	unnamed bool          // a check failed, but the run names no promise and the product did not panic
	output  string
}

// test compiles the tests of a package with the planted faults, and runs them inside the copy. build has more flags for
// the compiler.
func (c *sourceCopy) test(ctx context.Context, pkg string, build []string, args ...string) outcome {
	return c.testIn(ctx, c.dir, pkg, build, args...)
}

// testIn is test, and runs the tests in another copy of the repository.
func (c *sourceCopy) testIn(ctx context.Context, dir, pkg string, build []string, args ...string) outcome {
	binary, err := c.compile(ctx, pkg, build)
	if err != nil {
		return outcome{verdict: broken, detail: err.Error()}
	}
	args = append(args, "-test.timeout="+runLimit.String(), "-test.failfast")
	return c.execute(ctx, filepath.Join(dir, pkg), binary, args...)
}

// compile compiles the tests of a package, once.
func (c *sourceCopy) compile(ctx context.Context, pkg string, build []string) (binary string, err error) {
	key := pkg + " " + strings.Join(build, " ")
	if binary, done := c.binaries[key]; done {
		return binary, nil
	}
	binary = filepath.Join(filepath.Dir(c.dir), fmt.Sprintf("planted%d.test", len(c.binaries)))
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay=" + c.overlay, "-o", binary}
	cmd := exec.CommandContext(ctx, "go", append(append(args, build...), pkg)...)
	cmd.Dir = c.original
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("does not compile: %s", firstLine(string(out)))
	}
	c.binaries[key] = binary
	return binary, nil
}

// execute runs a program in a directory, and judges the run.
func (c *sourceCopy) execute(ctx context.Context, dir, program string, args ...string) outcome {
	ctx, cancel := context.WithTimeout(ctx, *runLimit+*runLimit/3)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-overlay="+c.overlay, switchVariable+"="+c.switchedOn)
	cmd.WaitDelay = time.Second // a child of the program may keep its output open
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	o := judge(string(out), err)
	o.took, o.output = time.Since(begin), string(out)
	return o
}

var (
	violation = regexp.MustCompile(`\bP\d+ [a-z-]+: .*`) // as promise.Violation prints it
	crash     = regexp.MustCompile(`(?m)^(panic: .*|fatal error: .*)`)
	failure   = regexp.MustCompile(`(?m)^(\s*--- FAIL: .*|not ok .*)`)
	unfit     = regexp.MustCompile(`(?m)^(panic: test timed out after .*|.*\[(build|setup) failed\].*)`)
)

// judge says what a run of tests with that output and that error has shown.
func judge(out string, err error) outcome {
	var exit *exec.ExitError
	switch {
	case err == nil && strings.Contains(out, "no tests to run"):
		return outcome{verdict: broken, detail: "there is no such test"}
	case err == nil:
		return outcome{verdict: missed}
	case !errors.As(err, &exit) || exit.ExitCode() < 0:
		return outcome{verdict: broken, detail: err.Error()}
	}
	if violated := violation.FindString(out); violated != "" {
		return outcome{verdict: found, detail: violated}
	}
	if line := unfit.FindString(out); line != "" {
		return outcome{verdict: broken, detail: line}
	}
	for _, finding := range []*regexp.Regexp{crash, failure} {
		if line := finding.FindString(out); line != "" {
			return outcome{verdict: found, detail: strings.TrimSpace(line), unnamed: finding == failure}
		}
	}
	return outcome{verdict: broken, detail: "fails without a failing check: " + firstLine(out)}
}

// named returns o for a method that reports a broken promise by name. Such a method also fails if the machine is too
// busy for it, or if it did not see all that it wants to see. That does not show that it has found the fault.
func (o outcome) named() outcome {
	if o.unnamed {
		o.verdict, o.detail = broken, "fails without a broken promise: "+o.detail
	}
	return o
}

// firstLine returns the first line of a compiler's or a test's output that is not a heading.
func firstLine(out string) string {
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return "no output"
}

package mutation

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"time"
)

var (
	fuzzTime = flag.Duration("fuzztime", 10*time.Second, "how long a fuzz target looks for new inputs")
	runLimit = flag.Duration("limit", 90*time.Second, "how long one run of a method may take")
)

// A method looks for defects in the product.
type method struct {
	name      string
	least     int    // how many of the faults it must find
	needsArgs bool   // it can only run for a fault that has arguments for it
	sample    string // the name without number of the fault that the short form plants
	// run runs the method on the copy. args are those that the fault has for the method.
	run func(ctx context.Context, c *sourceCopy, args []string) outcome
}

// methods has all methods, in the order of the columns of MATRIX.md.
var methods = []method{
	{"tests", 10, true, "no-fsync", runTests},
	{"fuzz", 10, true, "limits-ignored", runFuzz},
	{"simulation", 10, false, "resubmission-order", runSimulation},
	{"history", 10, false, "", runHistory},
	{"model", 10, true, "", runModel},
	{"soak", 10, false, "", runSoak},
}

// runTests runs the tests of a package. args are the package, and perhaps a pattern of tests. It leaves out
// TestPrograms, which does the same as FuzzPrograms, and TestPurity, because the planted source imports the switch. For
// the JavaScript client, args are "node" and a file of its tests.
func runTests(ctx context.Context, c *sourceCopy, args []string) outcome {
	if args[0] == "node" {
		dir := filepath.Join(c.dir, "wsclient", "js")
		return c.execute(ctx, dir, "node", "--no-warnings", "--test", "--test-reporter=tap", "test/"+args[1])
	}
	run := "."
	if len(args) > 1 {
		run = args[1]
	}
	return c.test(ctx, args[0], nil, "-test.run="+run, "-test.skip=^(TestPrograms|TestPurity)$")
}

// runFuzz runs a fuzz target. args are the package and the target.
func runFuzz(ctx context.Context, c *sourceCopy, args []string) outcome {
	pattern := "^" + args[1] + "$"
	o := c.test(ctx, args[0], nil, "-test.run="+pattern)
	if o.verdict != missed || c.switchedOn == "" {
		return o
	}
	cache, err := os.MkdirTemp(filepath.Dir(c.dir), "fuzz")
	if err != nil {
		return outcome{verdict: broken, detail: err.Error()}
	}
	// -fuzz makes the compiler add the counters of coverage.
	more := c.test(ctx, args[0], []string{"-fuzz=."}, "-test.run=^$", "-test.fuzz="+pattern,
		"-test.fuzztime="+fuzzTime.String(), "-test.fuzzcachedir="+cache, "-test.parallel=1")
	more.took += o.took
	return more
}

// runSimulation runs simulated schedules. args are more flags.
func runSimulation(ctx context.Context, c *sourceCopy, args []string) outcome {
	args = append([]string{"-test.run=^TestSchedules$"}, args...)
	return c.test(ctx, "./broker/evidence/simulation", nil, args...).named()
}

// runHistory records and checks histories. args are more flags. Package history builds the broker and a worker. Unless
// a fault in JavaScript is planted, that happens in the original, with the overlay: then the compiler's cache serves.
func runHistory(ctx context.Context, c *sourceCopy, args []string) outcome {
	dir := c.original
	if c.hasScript {
		dir = c.dir
	}
	args = append([]string{"-test.run=^TestHistories$", "-patience=" + (*runLimit / 2).String()}, args...)
	return c.testIn(ctx, dir, "./broker/evidence/history", nil, args...).named()
}

// runSoak runs chaos for a few seconds. args are more flags.
func runSoak(ctx context.Context, c *sourceCopy, args []string) outcome {
	return c.test(ctx, "./broker/evidence/soak", nil, append([]string{"-test.run=^TestSoak$"}, args...)...).named()
}

// runModel plants the fault in the model: args are the define. The test of the model passes if the model checker finds
// the fault.
func runModel(ctx context.Context, c *sourceCopy, args []string) outcome {
	if c.switchedOn == "" {
		return outcome{verdict: missed}
	}
	name := "TestPlantedFaults/" + args[0]
	o := c.test(ctx, "./broker/evidence/model", nil, "-test.v", "-test.run=^TestPlantedFaults$/^"+args[0]+"$")
	switch {
	case o.verdict != missed:
		o.verdict, o.detail = broken, "the model checker does not find it: "+o.detail
	case strings.Contains(o.output, "--- PASS: "+name):
		o.verdict = found
	default:
		o.verdict, o.detail = broken, "there is no "+name
	}
	return o
}

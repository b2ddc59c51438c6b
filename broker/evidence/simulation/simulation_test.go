package simulation

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var (
	seedFlag      = flag.Uint64("seed", 0, "replay the schedule of this seed only; with -v print all that happens")
	fromFlag      = flag.Uint64("from", 1, "the first seed")
	schedulesFlag = flag.Uint64("schedules", usualSchedules, "how many schedules to run")
	stepsFlag     = flag.Int("steps", UsualSteps, "about how many events each schedule has")
	planFlag      = flag.String("plan", "", "replay the plan in this file only; with -v print all that happens")
)

// command returns the command that replays the schedule of a plan.
func command(plan *Plan) string {
	test := "TestSchedules"
	switch {
	case plan.isCluster():
		test = "TestClusters"
	case plan.Lasting:
		test = "TestLasting"
	}
	line := fmt.Sprintf("go test ./broker/evidence/simulation -run '^%s$' -v -seed %d", test, plan.Seed)
	if *stepsFlag != UsualSteps {
		line += fmt.Sprintf(" -steps %d", *stepsFlag)
	}
	return line
}

// Schedules of many seeds break no promise, and show everything that a schedule may show.
func TestSchedules(t *testing.T) {
	switch {
	case *planFlag != "":
		text, err := os.ReadFile(*planFlag)
		if err != nil {
			t.Fatal(err)
		}
		replayPlan(t, string(text))
		return
	case *seedFlag != 0:
		replay(t, Generate(*seedFlag, *stepsFlag))
		return
	}
	var world World
	var counts Counts
	steps := 0
	for seed := *fromFlag; seed < *fromFlag+*schedulesFlag; seed++ {
		plan := Generate(seed, *stepsFlag)
		result := runSeed(&world, plan)
		counts.Add(&result.Counts)
		steps += result.Steps
		if result.Violation != nil {
			small := Minimise(plan, Options{})
			t.Fatalf("seed %d: %v\nreplay it with\n\t%s\n"+
				"the smallest plan that still breaks the promise, for -plan:\n%s",
				seed, result.Err(), command(plan), small)
		}
	}
	report(t, *schedulesFlag, &counts, steps)
}

// runSeed runs the plan of a seed. If the product panics, it prints the command that replays the run.
func runSeed(world *World, plan *Plan) Result {
	done := false
	defer func() {
		if !done {
			fmt.Fprintf(os.Stderr, "seed %d panics: replay it with\n\t%s\n", plan.Seed, command(plan))
		}
	}()
	result := world.Run(plan, Options{})
	done = true
	return result
}

// The corpus and the schedules of the short form show every outcome and every kind of fault, so no check is idle.
func TestCoverage(t *testing.T) {
	const schedules, clusters = 10_000, 300
	var world World
	var counts Counts
	for _, plan := range corpus(t) {
		result := world.Run(plan, Options{})
		counts.Add(&result.Counts)
	}
	for seed := uint64(1); seed <= clusters; seed++ {
		for _, plan := range []*Plan{GenerateCluster(seed, 0), GenerateLasting(seed, 0)} {
			result := world.Run(plan, Options{})
			counts.Add(&result.Counts)
		}
	}
	for seed := uint64(1); seed <= schedules && len(counts.Missing()) > 0; seed++ {
		result := world.Run(Generate(seed, 0), Options{})
		counts.Add(&result.Counts)
	}
	if missing := counts.Missing(); len(missing) > 0 {
		t.Errorf("never seen in %d schedules: %q", schedules, missing)
	}
}

// report prints what the schedules have shown.
func report(t *testing.T, schedules uint64, counts *Counts, steps int) {
	t.Helper()
	t.Logf("%d schedules from seed %d, %d events", schedules, *fromFlag, steps)
	for i, n := range counts.Outcomes {
		t.Logf("%9d %s", n, Outcome(i))
	}
	for e := noExcuse + 1; e < excuses; e++ {
		t.Logf("%9d times excused: %s", counts.Excuses[e], e)
	}
	for kind := Freeze; kind < faultKinds; kind++ {
		t.Logf("%9d fault %s", counts.Faults[kind], kind)
	}
}

func replayPlan(t *testing.T, text string) {
	t.Helper()
	plan, err := ParsePlan(text)
	if err != nil {
		t.Fatal(err)
	}
	replay(t, plan)
}

// replay runs a plan. If the test is verbose, it prints everything that happens.
func replay(t *testing.T, plan *Plan) {
	t.Helper()
	options := Options{}
	if testing.Verbose() {
		fmt.Print(plan)
		options.Trace = os.Stdout
	}
	mustHold(t, plan, options)
}

// mustHold runs a plan that must break no promise.
func mustHold(t *testing.T, plan *Plan, options Options) {
	t.Helper()
	if result := Run(plan, options); result.Violation != nil {
		t.Errorf("%v\nthe smallest plan that still breaks the promise:\n%s",
			result.Err(), Minimise(plan, Options{}))
	}
}

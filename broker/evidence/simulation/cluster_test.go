package simulation

import (
	"flag"
	"fmt"
	"io"
	"os"
	"testing"
	"time"
)

var clustersFlag = flag.Uint64("clusters", 600, "how many schedules with several brokers to run")

// Schedules with several brokers break no promise.
func TestClusters(t *testing.T) {
	if *seedFlag != 0 {
		replay(t, GenerateCluster(*seedFlag, *stepsFlag))
		return
	}
	var world World
	var counts Counts
	steps, begin := 0, time.Now()
	takeovers := 0
	for seed := *fromFlag; seed < *fromFlag+*clustersFlag; seed++ {
		plan := GenerateCluster(seed, *stepsFlag)
		result := runSeed(&world, plan)
		counts.Add(&result.Counts)
		steps += result.Steps
		if result.Counts.Outcomes[SawTakeover] > 1 {
			takeovers++
		}
		if result.Violation != nil {
			t.Fatalf("seed %d: %v\nreplay it with\n\t%s\n"+
				"the smallest plan that still breaks the promise, for -plan:\n%s",
				seed, result.Err(), command(plan), Minimise(plan, Options{}))
		}
	}
	report(t, *clustersFlag, &counts, steps)
	t.Logf("%9d missed deadlocks", counts.MissedDeadlocks)
	t.Logf("%d schedules with takeovers, %.0f a second", takeovers, float64(takeovers)/time.Since(begin).Seconds())
}

var searchFlag = flag.Bool("search", false, "search for schedules that catch the broken rules of a cluster")

// brokenRules lists the rules of a cluster that can be broken, and the plan of the corpus that catches each.
var brokenRules = []struct {
	name   string
	broken Break
	plan   string
}{
	{"no grace period", SkipsGrace, "cluster-no-grace"},
	{"a grace period of the session timeout", GraceOfTimeout, "cluster-grace-of-timeout"},
	{"a grace period that ignores the earlier owner's", GraceOfOwnTimeout, "cluster-grace-of-own-timeout"},
	{"the grace period ends with one session missing", ForgetsOneMissing, "cluster-one-missing"},
	{"a grant before the session is on record", GrantsFirst, "cluster-grant-first"},
	{"unguarded writes", WritesUnguarded, "cluster-unguarded"},
	{"connections need no write after their hello", TrustsHello, "cluster-trusts-hello"},
	{"no answer gate", NoGate, "cluster-no-gate"},
	{"an eviction is not on record", StrikesNoToken, "cluster-evicted"},
	{"the end of a session is not on record", StrikesNoSession, "cluster-ended"},
	{"sessions that cannot be taken up are not on record", RecordsNoOthers, "cluster-others"},
	{"a named broker grants without what the snapshot says", DropsSnapshot, "cluster-snapshot-dropped"},
}

// Each rule is needed: a plan of the corpus catches brokers that break it. With -search, the test searches for the
// first schedule that does, and writes the plan.
func TestBrokenRulesAreCaught(t *testing.T) {
	plans := corpus(t)
	for _, rule := range brokenRules {
		t.Run(rule.plan, func(t *testing.T) {
			options := Options{Break: rule.broken}
			if *searchFlag {
				search(t, rule.plan, options)
				return
			}
			plan := plans[rule.plan+".txt"]
			if plan == nil || Run(plan, options).Violation == nil {
				t.Errorf("%s: its plan does not catch it", rule.name)
			}
		})
	}
}

// search writes the smallest plan that catches a broken rule.
func search(t *testing.T, name string, options Options) {
	t.Helper()
	var world World
	for seed := *fromFlag; seed < *fromFlag+*clustersFlag; seed++ {
		plan := GenerateCluster(seed, 0)
		if world.Run(plan, options).Violation == nil {
			continue
		}
		small := Minimise(plan, options)
		result := world.Run(small, options)
		t.Logf("seed %d: %v", seed, result.Err())
		text := fmt.Sprintf("# first seed %d: %v\n%s", seed, result.Violation.Promise, small)
		if err := os.WriteFile("testdata/plans/"+name+".txt", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Error("no schedule catches it")
}

// The same plan gives the same run, with several brokers, too.
func TestClustersAreDeterministic(t *testing.T) {
	var world World
	for seed := *fromFlag; seed < *fromFlag+100; seed++ {
		plan := GenerateCluster(seed, 0)
		first := world.Run(plan, Options{})
		read, err := ParsePlan(plan.String())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		again := Run(read, Options{Trace: io.Discard})
		if first.Hash != again.Hash || first.Steps != again.Steps {
			t.Fatalf("seed %d: hash %x after %d steps, and then %x after %d", seed,
				first.Hash, first.Steps, again.Hash, again.Steps)
		}
	}
}

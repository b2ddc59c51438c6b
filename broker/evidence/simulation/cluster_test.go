package simulation

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

var (
	clustersFlag = flag.Uint64("clusters", 600, "how many schedules with several brokers to run")
	lastingFlag  = flag.Uint64("lasting", 600, "how many schedules with one broker and lasting sessions to run")
	searchFlag   = flag.Bool("search", false, "search for schedules that catch the broken rules of several brokers")
)

// Schedules with several brokers break no promise.
func TestClusters(t *testing.T) { runMany(t, GenerateCluster, *clustersFlag) }

// Schedules with a broker alone, whose sessions can be taken up, break no promise.
func TestLasting(t *testing.T) { runMany(t, GenerateLasting, *lastingFlag) }

// runMany runs the plans of that many seeds.
func runMany(t *testing.T, generate func(seed uint64, steps int) *Plan, schedules uint64) {
	t.Helper()
	if *seedFlag != 0 {
		replay(t, generate(*seedFlag, *stepsFlag))
		return
	}
	var world World
	var counts Counts
	steps, takeovers, begin := 0, 0, time.Now()
	for seed := *fromFlag; seed < *fromFlag+schedules; seed++ {
		plan := generate(seed, *stepsFlag)
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
	report(t, schedules, &counts, steps)
	t.Logf("%d schedules with takeovers, %.0f a second", takeovers, float64(takeovers)/time.Since(begin).Seconds())
}

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
	{"no grace period, with a state directory", SkipsGrace, "lasting-no-grace"},
	{"the same: an eviction is not on record", StrikesNoToken, "lasting-evicted"},
	{"the same: the end of a session is not on record", StrikesNoSession, "lasting-ended"},
	{"the same: sessions that cannot be taken up are not on record", RecordsNoOthers, "lasting-others"},
	{"the same: the next run ignores the snapshot", DropsSnapshot, "lasting-snapshot-dropped"},
}

// plansOfRule is how many plans of the corpus catch each rule. If the timing of the product changes, a plan may no
// longer catch it. Then one of the others does.
const plansOfRule = 3

// Each rule is needed: a plan of the corpus catches brokers that break it. With -search, the test searches for
// schedules that do, and writes the plans.
func TestBrokenRulesAreCaught(t *testing.T) {
	plans := corpus(t)
	for _, rule := range brokenRules {
		t.Run(rule.plan, func(t *testing.T) {
			options := Options{Break: rule.broken}
			if *searchFlag {
				search(t, rule.plan, options)
				return
			}
			for i := range plansOfRule {
				plan := plans[fmt.Sprintf("%s-%d.txt", rule.plan, i+1)]
				if plan != nil && Run(plan, options).Violation != nil {
					return
				}
			}
			t.Errorf("%s: no plan catches it", rule.name)
		})
	}
}

// search writes the smallest plans that catch a broken rule.
func search(t *testing.T, name string, options Options) {
	t.Helper()
	var world World
	generate, found := GenerateCluster, 0
	if strings.HasPrefix(name, "lasting") {
		generate = GenerateLasting
	}
	for seed := *fromFlag; seed < *fromFlag+*clustersFlag && found < plansOfRule; seed++ {
		plan := generate(seed, 0)
		if world.Run(plan, options).Violation == nil {
			continue
		}
		found++
		small := Minimise(plan, options)
		result := world.Run(small, options)
		t.Logf("seed %d: %v", seed, result.Err())
		text := fmt.Sprintf("# seed %d: %v\n%s", seed, result.Violation.Promise, small)
		file := fmt.Sprintf("testdata/plans/%s-%d.txt", name, found)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Error("no schedule catches it")
	}
}

// The same plan gives the same run, with sessions that can be taken up, too.
func TestLastingIsDeterministic(t *testing.T) {
	var world World
	for seed := range uint64(200) {
		generate := []func(uint64, int) *Plan{GenerateCluster, GenerateLasting}[seed%2]
		plan := generate(seed, 0)
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

package jsclient

import (
	"context"
	"flag"
	"fmt"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
	"github.com/lockbroker/lockbroker/broker/evidence/simulation"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

var (
	seedFlag      = flag.Uint64("seed", 0, "replay this seed only; with -v print everything that happens")
	fromFlag      = flag.Uint64("from", 1, "the first seed")
	minimiseFlag  = flag.Bool("minimise", false, "look for the smallest plan that fails, which may take minutes")
	jsFlag        = flag.String("js", "../../../../wsclient/js", "the folder of the JavaScript client")
	stepsFlag     = flag.Int("steps", simulation.UsualSteps, "about how many events each schedule has")
	schedulesFlag = flag.Uint64("schedules", 50, "how many schedules to run, half of them with Go clients as well")
)

// TestWorlds runs schedules of the simulation with JavaScript clients. In the schedules of even seeds, the clients with
// even numbers are Go clients.
func TestWorlds(t *testing.T) {
	process := startProcess(t)
	seeds := make([]uint64, 0, *schedulesFlag)
	for i := range *schedulesFlag {
		seeds = append(seeds, *fromFlag+i)
	}
	if *seedFlag != 0 {
		seeds = []uint64{*seedFlag}
	}
	var world simulation.World
	var counts simulation.Counts
	steps := 0
	for _, seed := range seeds {
		plan := schedule(seed)
		options := process.options(seed)
		if *seedFlag != 0 && testing.Verbose() {
			fmt.Print(plan)
			options.Trace = t.Output()
		}
		result := world.Run(plan, options)
		counts.Add(&result.Counts)
		steps += result.Steps
		process.Forget()
		if err := process.Err(); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, replayWith(seed))
		}
		if result.Violation != nil {
			t.Errorf("seed %d: %v\n%s", seed, result.Err(), replayWith(seed))
			if *minimiseFlag {
				t.Fatalf("the smallest plan that still breaks the promise:\n%s",
					simulation.Minimise(plan, process.options(seed)))
			}
		}
	}
	t.Logf("%d schedules, %d events", len(seeds), steps)
	for i, n := range counts.Outcomes {
		t.Logf("%8d %s", n, simulation.Outcome(i))
	}
	for _, o := range usual {
		if *seedFlag == 0 && *schedulesFlag >= 50 && counts.Outcomes[o] == 0 {
			t.Errorf("no schedule shows this: %s", o)
		}
	}
}

// usual are outcomes that 50 schedules show many times. Without them the checks would be idle.
var usual = []simulation.Outcome{
	simulation.SawGrant, simulation.SawRelease, simulation.SawLeaseLost, simulation.SawConnLost,
	simulation.SawExpired, simulation.SawTimeout, simulation.SawGaveUp, simulation.SawResubmit,
	simulation.SawKept, simulation.SawFreed,
}

// schedule returns the plan of a seed. The JavaScript client has no StopTime and no MinHold, and no platform tells it
// for how long the machine was suspended. Its callers take no time to run: the reactions of a promise run before
// anything else happens.
func schedule(seed uint64) *simulation.Plan {
	plan := simulation.Generate(seed, *stepsFlag)
	for i := range plan.Clients {
		if c := &plan.Clients[i]; isJavaScript(seed, c.Number) {
			c.StopTime, c.Asleep, c.React = 0, false, 0
		}
	}
	for i := range plan.Calls {
		if c := &plan.Calls[i]; isJavaScript(seed, c.Client) {
			c.MinHold = 0
		}
	}
	return plan
}

// isJavaScript reports whether that client of the schedule of that seed is a JavaScript client.
func isJavaScript(seed uint64, number int) bool { return seed%2 == 1 || number%2 == 1 }

func replayWith(seed uint64) string {
	const command = "go test ./broker/evidence/simulation/jsclient -run TestWorlds -v"
	return fmt.Sprintf("replay it with\n\t%s -steps %d -seed %d", command, *stepsFlag, seed)
}

func startProcess(t *testing.T) *Process {
	t.Helper()
	process, err := Start(context.Background(), needs.Program(t, "node"), *jsFlag)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := process.Stop(); err != nil {
			t.Error(err)
		}
	})
	return process
}

// options returns options that run the clients of a plan in JavaScript, or some of them.
func (p *Process) options(seed uint64) simulation.Options {
	return simulation.Options{
		NewClient: func(number int, config simclient.Config, dice func() float64) simulation.Program {
			if isJavaScript(seed, number) {
				return p.New(config, dice)
			}
			return simclient.New(config, dice)
		},
	}
}

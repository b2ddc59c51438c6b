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
	seedFlag      = flag.Uint64("seed", 0, "replay the schedule of this seed only; with -v print everything that happens")
	fromFlag      = flag.Uint64("from", 1, "the first seed")
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
		plan := simulation.Generate(seed, simulation.UsualSteps)
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
			small := simulation.Minimise(plan, process.options(seed))
			t.Fatalf("seed %d: %v\n%s\nthe smallest plan that still breaks the promise:\n%s",
				seed, result.Err(), replayWith(seed), small)
		}
	}
	t.Logf("%d schedules, %d events", len(seeds), steps)
	for i, n := range counts.Outcomes {
		t.Logf("%8d %s", n, simulation.Outcome(i))
	}
}

func replayWith(seed uint64) string {
	return fmt.Sprintf("replay it with\n\tgo test ./broker/evidence/simulation/jsclient -run TestWorlds -v -seed %d", seed)
}

func startProcess(t *testing.T) *Process {
	t.Helper()
	process, err := Start(context.Background(), needs.Program(t, "node"), "../../../../wsclient/js")
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
			if seed%2 == 0 && number%2 == 0 {
				return simclient.New(config, dice)
			}
			return p.New(config, dice)
		},
	}
}

package simulation

import (
	"testing"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/wsclient/simclient"
)

// A stubborn client never notices that it has lost a lock: it is valid, and its context does not end.
type stubborn struct {
	*simclient.Client
}

func (s stubborn) PeekValid(simclient.Instant, simclient.Request) bool { return true }

func (s stubborn) Output() *simclient.Output {
	out := *s.Client.Output()
	out.Stopped = nil
	return &out
}

// excusedPlans has, for each excuse, a plan in which one client overlaps with another and is excused. The first client
// goes on for longer than the excuse lasts.
var excusedPlans = map[Excuse]string{
	ByOperator: `
		call 1 client 1 at 500ms locks a work 20s
		call 2 client 2 at 1s locks a work 100ms
		fault cut-down client 1 at 2s for 20s
		fault evict-holder lock a at 2100ms`,
	OddClocks: `
		client 3 rate 500000
		call 1 client 3 at 500ms locks a work 20s
		call 2 client 2 at 1s locks a work 100ms
		fault cut client 3 at 2500ms for 20s`,
	ForgedEnd: `
		call 1 client 1 at 500ms locks a work 20s
		call 2 client 2 at 1s locks a work 100ms
		fault cut-down client 1 at 2s for 20s
		fault reset-broker client 1 at 2100ms`,
	NoStateDir: `
		call 1 client 1 at 500ms locks a work 20s
		call 2 client 2 at 2200ms locks a work 100ms
		fault cut client 1 at 2s for 20s
		fault kill-broker at 2100ms for 1ms`,
	UnseenCopy: `
		call 1 client 1 at 5s locks a work 20s
		call 2 client 2 at 6200ms locks a work 100ms
		fault drain-broker at 300ms for 1ms
		fault restore-unseen at 6s
		fault cut client 1 at 6s for 18s
		fault kill-broker at 6100ms for 1ms`,
}

// A client that never gives up its lock is excused only until its lease must have ended, although nothing is granted
// then. A client that does as it should breaks no promise in the same plan.
func TestExcusesEnd(t *testing.T) {
	const broker = "broker seed 1 timeout 3s heartbeat 1s delay 1ms quiet 25s tokens 8 window 8 rate 1000000"
	const clients = "\nclient 1 rate 1000000\nclient 2 rate 1000000\n"
	never := func(_ int, config simclient.Config, dice func() float64) Program {
		return stubborn{simclient.New(config, dice)}
	}
	for excuse, text := range excusedPlans {
		t.Run(excuse.String(), func(t *testing.T) {
			stateDir := ""
			if excuse == UnseenCopy {
				stateDir = " state-dir"
			}
			plan, err := ParsePlan(broker + stateDir + clients + text)
			if err != nil {
				t.Fatal(err)
			}
			result := Run(plan, Options{})
			if result.Violation != nil || result.Counts.Excuses[excuse] == 0 {
				t.Errorf("excused %d times, %v", result.Counts.Excuses[excuse], result.Err())
			}
			result = Run(plan, Options{NewClient: never})
			if result.Violation == nil || result.Violation.Promise != promise.Lease {
				t.Errorf("the client never gives up its lock: %v", result.Err())
			}
			if result.Counts.Excuses[excuse] == 0 {
				t.Error("the client was not excused at first")
			}
		})
	}
}

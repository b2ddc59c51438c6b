package broker

import (
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

func cycleOver(locks ...string) []wire.Step {
	var cycle []wire.Step
	for _, lock := range locks {
		cycle = append(cycle, wire.Step{Lock: lock})
	}
	return cycle
}

// The last ten refused deadlocks are kept, the newest first, and all of them are counted.
func TestLastDeadlocksAreKept(t *testing.T) {
	d := &refusedDeadlocks{}
	for i := range 12 {
		d.add(time.Unix(int64(i), 0), cycleOver(string(rune('a'+i))), 1)
	}
	all := d.all()
	if len(all) != keptDeadlocks || all[0].cycle[0].Lock != "l" || all[keptDeadlocks-1].cycle[0].Lock != "c" {
		t.Errorf("kept %v", all)
	}
	if d.total() != 12 {
		t.Errorf("counted %d, want 12", d.total())
	}
}

// Of a long cycle only the first steps are kept, with the number of all. The lock table may have cut it before.
func TestLongCycleIsCut(t *testing.T) {
	d := &refusedDeadlocks{}
	for _, told := range []int{keptSteps + 7, 3} {
		d.add(time.Unix(0, 0), make([]wire.Step, told), 100)
		if got := d.all()[0]; len(got.cycle) != min(told, keptSteps) || got.steps != 100 {
			t.Errorf("kept %d of %d steps, told %d of 100", len(got.cycle), got.steps, told)
		}
	}
}

// What the reply to the refused client hides is not hidden from the operator.
func TestKeptCycleIsACopy(t *testing.T) {
	d, cycle := &refusedDeadlocks{}, cycleOver("a", "b")
	d.add(time.Unix(0, 0), cycle, len(cycle))
	cycle[1] = wire.Step{}
	if got := d.all()[0].cycle[1].Lock; got != "b" {
		t.Errorf("the kept step has the lock %q, want b", got)
	}
}

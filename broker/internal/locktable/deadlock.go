package locktable

import (
	"strconv"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// chainBytes is how long a cycle, or a chain, may be as JSON, about. What would
// be longer is cut short.
const chainBytes = 128 << 10

// deadlocked refuses the request that a reduction was asked about, and says who waits for
// whom. The blocker of each step is the request of the next step, or that request is inside
// it. The first request is inside the blocker of the last step.
//
// The table had no deadlock before. A request without a parent waits behind all others and
// keeps nobody from ending. One with a parent was searched for deadlocks when it came. The end
// of a request only frees others: whatever was inside it keeps no holder that it did not keep
// before. So if something can never be granted now, this request is the cause, and following
// the blockers from it leads back to a holder around it.
func (d *reduction) deadlocked() Event {
	first, all := d.tracing.first, d.tracing.steps
	steps := d.table.describeSteps(first)
	reason := "waiting for " + first.at.lock.name + " could never end"
	if len(steps) < all {
		reason += ": a cycle of " + strconv.Itoa(all) + " steps, of which the first " + strconv.Itoa(len(steps)) + " are told"
	}
	event := refused(d.asked.id(), wire.Deadlock, reason)
	event.Cycle = steps
	return event
}

// describeSteps describes the steps from l on until that would be too long.
func (t *Table) describeSteps(l *link) []wire.Step {
	steps := []wire.Step{}
	for room := chainBytes; l != nil && room > 0; l = l.after {
		step := wire.Step{Request: t.describe(l.at), Lock: l.at.lock.name, Blocker: t.describe(l.blocker)}
		room -= jsonsize.Step(&step)
		steps = append(steps, step)
	}
	return steps
}

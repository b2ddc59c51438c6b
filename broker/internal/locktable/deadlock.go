package locktable

import (
	"strconv"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// chainBytes is how long a cycle, or a chain, may be as JSON, about. What would
// be longer is cut short.
const chainBytes = 128 << 10

// deadlocked refuses the request that a reduction was asked about, and says who waits
// for whom: each step's blocker is the next step's request, or has it inside; the last one's
// has the first inside.
//
// A table has no deadlock before. A request without a parent waits behind all others and
// keeps nobody from ending, one with a parent was asked this question, and the end of a
// request only frees: what was inside it keeps nobody whom it did not keep before. So what can
// never be granted now is so because of the request, and the way from it along those who
// are in the way leads back to a holder around it.
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
		room -= step.Size()
		steps = append(steps, step)
	}
	return steps
}

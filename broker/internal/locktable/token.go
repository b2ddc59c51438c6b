package locktable

import (
	"strconv"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// NextToken returns the fencing token that the next grant will have.
func (t *Table) NextToken() int64 { return t.token }

// Allow lets the table give out the fencing tokens below ceiling, which must never decrease.
// It grants the requests that have waited for tokens, or the first slice of them.
//
// The caller raises the ceiling once it has recorded that these tokens may be given out. So
// no later run of the broker gives out a token twice, however this run ends.
func (t *Table) Allow(now time.Duration, ceiling int64, events []Event) []Event {
	events = t.advance(now, events)
	if ceiling < t.ceiling || ceiling > wire.MaxInteger+1 {
		panic("locktable: ceiling out of range: " + strconv.FormatInt(ceiling, 10))
	}
	if !t.granting() {
		// The request that the search is for might be granted at once from now on.
		events = t.finishSearch(events)
	}
	t.ceiling = ceiling
	return t.grantWaiting(t.continueSteals(events))
}

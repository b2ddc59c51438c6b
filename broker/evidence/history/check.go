package history

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// patience is how long porcupine may search one partition. A history that is right takes seconds.
const patience = 5 * time.Minute

// Check checks a history, and returns what contradicts the promises. Save writes the details.
func Check(requests []*Request) []*promise.Violation {
	var found []*promise.Violation
	if v := fallingToken(requests); v != nil {
		found = append(found, v)
	}
	for _, p := range partitions(requests) {
		if v := p.check(); v != nil {
			found = append(found, v)
		}
	}
	return found
}

// check returns why the partition is not linearizable, or nil.
func (p partition) check() *promise.Violation {
	if holders, lock := overlap(p.requests); holders != nil {
		return violation(holders, lock)
	}
	switch porcupine.CheckOperationsTimeout(model, operations(p.requests), patience) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return promise.Violate(promise.Exclusion, "%s: porcupine has not decided within %v", p.locks, patience)
	}
	if v := fallingToken(p.requests); v != nil {
		return v
	}
	return promise.Violate(promise.Exclusion,
		"%s: no order of the grants and ends, with rising tokens, is possible", p.locks)
}

// Figures counts what is in a history.
type Figures struct {
	Requests, Granted, Released, Lost, Failed, Died, Unanswered int
}

// Count counts requests by how they ended. Unanswered requests were neither granted nor refused when their worker died.
func Count(requests []*Request) Figures {
	var f Figures
	for _, q := range requests {
		f.Requests++
		if q.Granted != 0 {
			f.Granted++
		}
		switch q.How {
		case event.Released:
			f.Released++
		case event.Lost:
			f.Lost++
		case event.Failed:
			f.Failed++
		default:
			if q.Granted == 0 {
				f.Unanswered++
			} else {
				f.Died++
			}
		}
	}
	return f
}

// Add returns the sums of two counts.
func (f Figures) Add(g Figures) Figures {
	return Figures{
		Requests: f.Requests + g.Requests, Granted: f.Granted + g.Granted, Released: f.Released + g.Released,
		Lost: f.Lost + g.Lost, Failed: f.Failed + g.Failed, Died: f.Died + g.Died,
		Unanswered: f.Unanswered + g.Unanswered,
	}
}

// String returns the counts for a person.
func (f Figures) String() string {
	return fmt.Sprintf("%d requests: %d granted (%d released, %d lost, %d held when their worker was killed), "+
		"%d failed, %d unanswered", f.Requests, f.Granted, f.Released, f.Lost, f.Died, f.Failed, f.Unanswered)
}

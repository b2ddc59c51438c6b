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
	for _, q := range requests {
		if v := q.lateness(); v != nil {
			found = append(found, v)
		}
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

// mostLateness is how long a holder may go on after its locks were lost, while its process runs at its usual pace.
const mostLateness = 100 * time.Millisecond

// lateness returns a violation if the holder was told too late that its locks were lost.
func (q *Request) lateness() *promise.Violation {
	late := time.Duration(q.Held - q.LostAt)
	if q.LostAt == 0 || late <= mostLateness {
		return nil
	}
	return promise.Violate(promise.LossTold, "the locks were lost at %s, and their holder went on for %v: %s",
		seconds(q.LostAt), late, q)
}

// Figures counts what is in a history. Unseen counts grants whose holder never said that it holds: nearly nothing
// constrains them. Watched counts grants whose holder watches alone, and Told those of which it is known when they were
// lost.
type Figures struct {
	Requests, Granted, Released, Lost, Failed, Died, Unanswered int
	Unseen, Watched, Told                                       int
}

// Count counts requests by how they ended. Unanswered requests were neither granted nor refused when their worker died.
func Count(requests []*Request) Figures {
	var f Figures
	for _, q := range requests {
		f.Requests++
		if q.Granted != 0 {
			f.addGrant(q)
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

func (f *Figures) addGrant(q *Request) {
	f.Granted++
	if q.Held == 0 {
		f.Unseen++
	}
	if q.Watched {
		f.Watched++
		if q.LostAt != 0 {
			f.Told++
		}
	}
}

// Add returns the sums of two counts.
func (f Figures) Add(g Figures) Figures {
	return Figures{
		Requests: f.Requests + g.Requests, Granted: f.Granted + g.Granted, Released: f.Released + g.Released,
		Lost: f.Lost + g.Lost, Failed: f.Failed + g.Failed, Died: f.Died + g.Died,
		Unanswered: f.Unanswered + g.Unanswered,
		Unseen:     f.Unseen + g.Unseen, Watched: f.Watched + g.Watched, Told: f.Told + g.Told,
	}
}

// String returns the counts for a person.
func (f Figures) String() string {
	return fmt.Sprintf("%d requests: %d granted (%d released, %d lost, %d held when their worker was killed), "+
		"%d failed, %d unanswered; of the grants, %d without a sample, "+
		"and %d whose holder watches alone (%d lost)",
		f.Requests, f.Granted, f.Released, f.Lost, f.Died, f.Failed, f.Unanswered, f.Unseen, f.Watched, f.Told)
}

package metrics

import (
	"maps"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Tally is what the loop counts. Only the loop may use it. Everybody else gets a copy.
type Tally struct {
	granted, gaveUp Histogram // how long requests waited, by whether they were granted
	held            Histogram
	rounds          Histogram
	inbox           Histogram
	peak            Peak // of the rounds

	ended  [ways][states]int64
	errors map[wire.Code]int64

	opened, closed [clients]int64 // sessions
	ends           [ends]int64    // of sessions

	resumed, notResumed int64 // attempts to take up sessions
	abandoned           int64 // absent sessions that nobody took up in time

	locks *locks
}

// NewTally returns a tally that counts nothing yet. It counts for at most most single locks, those
// whose names match one of the globs.
func NewTally(globs []string, most int) *Tally {
	return &Tally{errors: make(map[wire.Code]int64), locks: newLocks(globs, most)}
}

// Copy returns a copy, which any goroutine may use.
func (t *Tally) Copy() *Tally {
	c := *t
	c.errors = maps.Clone(t.errors)
	c.locks = t.locks.copy()
	return &c
}

// Event counts an event of the lock table. It must be called before the next call of the table.
func (t *Tally) Event(e *locktable.Event) {
	if e.Kind == locktable.Granted {
		t.granted.Observe(e.Lasted)
	} else if how, ends := wayOf(e); ends {
		t.ended[how][stateOf(e.Held)]++
		if e.Held {
			t.held.Observe(e.Lasted)
		} else {
			t.gaveUp.Observe(e.Lasted)
		}
	}
	if t.locks.any() {
		t.locks.event(e)
	}
}

// Grants returns how many requests were granted so far.
func (t *Tally) Grants() int64 { return t.granted.Count() }

// Error counts an error that a client is told.
func (t *Tally) Error(code wire.Code) { t.errors[code]++ }

// Opened counts a session that opens.
func (t *Tally) Opened(c Client) { t.opened[c]++ }

// Closed counts a session that ends.
func (t *Tally) Closed(c Client, why End) {
	t.closed[c]++
	t.ends[why]++
}

// Resumed counts a session that was taken up on another connection.
func (t *Tally) Resumed() { t.resumed++ }

// NotResumed counts a session that was not, although a client asked for it.
func (t *Tally) NotResumed() { t.notResumed++ }

// Abandoned counts an absent session that ends because nobody has taken it up in time.
func (t *Tally) Abandoned() { t.abandoned++ }

// Round counts a round of the loop that has ended at now.
func (t *Tally) Round(now, lasted time.Duration) {
	t.rounds.Observe(lasted)
	t.peak.Observe(now, lasted)
}

// Waited counts how long the oldest message of a batch has waited until the loop took the batch.
func (t *Tally) Waited(d time.Duration) { t.inbox.Observe(d) }

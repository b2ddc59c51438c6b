package history

import (
	"cmp"
	"fmt"
	"math"

	"github.com/lockbroker/lockbroker/broker/evidence/history/event"
)

// never is later than any time of a history.
const never = math.MaxInt64

// died is how a request ends whose worker was killed. Only the history says so, no worker.
const died event.Verb = "died"

// A Request is what a history knows of one request. Times are in nanoseconds on CLOCK_MONOTONIC.
type Request struct {
	Worker  string // the process that made it
	Watched bool   // its holder watches alone: see doc.go
	Number  int    // the worker's number of it
	Locks   []event.Lock

	Called  int64 // before the call
	Granted int64 // after the grant; 0: it was not granted, or its worker died before it said so
	Token   int64
	Held    int64 // the last time at which the client certainly treated the locks as held; 0: it never said so
	LostAt  int64 // when the locks were lost, as far as the worker knows; 0: it has not said so
	Ended   int64 // after the end; never: the request has not ended
	How     event.Verb
	Reason  string // of a loss or a failure
}

// holdsFrom returns the first time at which the client certainly treated the locks as held. It has no such time if it
// returns more than Held.
func (q *Request) holdsFrom() int64 { return q.Granted }

// mayEndFrom returns the first time at which the client may have stopped treating the locks as held. Without a sample
// that is the time of the call: the worker may have been frozen between the grant and its report.
func (q *Request) mayEndFrom() int64 { return cmp.Or(q.Held, q.Called) }

// hold returns how the request holds the lock, and whether it names it.
func (q *Request) hold(name string) (event.Lock, bool) {
	for _, l := range q.Locks {
		if l.Name == name {
			return l, true
		}
	}
	return event.Lock{}, false
}

// String describes the request for a person.
func (q *Request) String() string {
	if q.Granted == 0 {
		return fmt.Sprintf("%s #%d [%s]: called at %s, %s", q.Worker, q.Number, event.Names(q.Locks),
			seconds(q.Called), q.end())
	}
	return fmt.Sprintf("%s #%d [%s] token %d: called at %s, granted by %s, last seen to hold at %s, %s",
		q.Worker, q.Number, event.Names(q.Locks), q.Token, seconds(q.Called), seconds(q.Granted),
		seconds(q.Held), q.end())
}

func (q *Request) end() string {
	if q.Ended == never {
		return "no end known"
	}
	return fmt.Sprintf("%s by %s %s", q.How, seconds(q.Ended), q.Reason)
}

func seconds(t int64) string { return fmt.Sprintf("%.6f", float64(t)/1e9) }

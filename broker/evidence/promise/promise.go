// Package promise numbers and names what the broker and its clients promise. Everything in package evidence that
// checks a promise reports a violation under its number and its name.
//
// The promises come from the package comments of broker and wsclient and from broker/PROMISES.md. The numbers never
// change: recorded schedules and reports use them.
package promise

import "fmt"

// A Promise is the number of a promise.
type Promise int

// The promises.
const (
	Exclusion    Promise = iota + 1 // no two incompatible grants overlap, in the broker's own order of events
	RisingTokens                    // each grant has a greater fencing token than every grant before it
	Fairness                        // each queue is first come, first served
	AllOrNothing                    // a request holds all of its locks, or none
	Lease                           // unless evicted or stolen from, a holder stops before others get its lock
	Fencing                         // a resource that checks tokens accepts no write of a stale holder
	CrashRelease                    // the locks of a session that has ended become free, at once or in bounded time
	Grace                           // after a crash nothing is granted until the last run's clients have given up
	TokenPause                      // only reserved tokens are given out, and grants resume when the disk recovers
	BoundedWait                     // a request is not granted after its wait is over, and ends soon after
	CleanGiveUp                     // a call that gives up holds nothing, even if a grant crosses its cancel
	LossTold                        // a request ends exactly once, and a holder that loses its lock is told
	Resubmission                    // after a reconnect a client's waiting requests wait again, in the same order
	Deadlocks                       // a nested request that can never be granted is refused, and no other is
	Isolation                       // bad input and overload cost no other client its locks
	Drain                           // a broker that drains grants nothing, and gives holders time to release
	Liveness                        // once faults stop, every waiter is granted or refused in bounded time
	Memory                          // memory, goroutines and descriptors come back after use
	Continuity                      // a session that is taken up in time keeps its locks over a planned move
	NothingBack                     // what was taken from a client never comes back to it
)

// texts has the name of each promise.
var texts = [...]string{
	Exclusion: "exclusion", RisingTokens: "rising-tokens", Fairness: "fairness", AllOrNothing: "all-or-nothing",
	Lease: "lease", Fencing: "fencing", CrashRelease: "crash-release", Grace: "grace", TokenPause: "token-pause",
	BoundedWait: "bounded-wait", CleanGiveUp: "clean-give-up", LossTold: "loss-told", Resubmission: "resubmission",
	Deadlocks: "deadlocks", Isolation: "isolation", Drain: "drain", Liveness: "liveness", Memory: "memory",
	Continuity: "continuity", NothingBack: "nothing-back",
}

// All returns all promises, in the order of their numbers.
func All() []Promise {
	var all []Promise
	for p := Exclusion; p <= NothingBack; p++ {
		all = append(all, p)
	}
	return all
}

// String returns the number and the name, such as "P5 lease".
func (p Promise) String() string {
	if p < Exclusion || p > NothingBack {
		return fmt.Sprintf("P%d", int(p))
	}
	return fmt.Sprintf("P%d %s", int(p), texts[p])
}

// A Violation is an observation that contradicts a promise. It is an error.
type Violation struct {
	Promise Promise
	Detail  string // what was observed, for a person
}

// Violate returns a violation of p. The detail is formatted as by fmt.Sprintf.
func Violate(p Promise, format string, args ...any) *Violation {
	return &Violation{Promise: p, Detail: fmt.Sprintf(format, args...)}
}

// Error implements error.
func (v *Violation) Error() string { return v.Promise.String() + ": " + v.Detail }

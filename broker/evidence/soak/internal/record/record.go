// Package record defines what the soak and its client processes tell each other: one JSON object per line.
//
// All times are nanoseconds of CLOCK_MONOTONIC, which all processes of the machine share.
package record

import "time"

// Commands of the soak to a client process, one per line of its stdin.
const (
	Pause  = "pause"  // begin no further operation, and report Idle when all have ended
	Resume = "resume" // begin operations again
	Hold   = "hold"   // every client acquires the locks of a calm; see Holding
	List   = "list"   // report Holding
	Drop   = "drop"   // every client releases the locks of the calm
	Memory = "memory" // collect garbage and report Memory
)

// A Line is what a client process reports. Only one field is set.
type Line struct {
	Ready     *Ready     `json:"ready,omitempty"`
	Hold      *Holder    `json:"hold,omitempty"`
	Sample    *Sample    `json:"sample,omitempty"`
	Counts    *Counts    `json:"counts,omitempty"`
	Violation *Violation `json:"violation,omitempty"`
	Idle      *Idle      `json:"idle,omitempty"`
	Holding   *Holding   `json:"holding,omitempty"`
	Memory    *Usage     `json:"memory,omitempty"`
}

// Ready says that the clients of the process have connected for the first time.
type Ready struct{}

// A Holder is a request that holds. Its client has treated the lock as held from From until To, at least.
type Holder struct {
	Client int    `json:"client"`
	N      int64  `json:"n"` // numbers the holders of the client
	ID     string `json:"id"`
	Locks  []Lock `json:"locks"`
	Token  int64  `json:"token"`
	Called int64  `json:"called"` // read before the call that acquired
	From   int64  `json:"from"`   // read after that call returned
	To     int64  `json:"to"`     // read before a check said that the lock is held
	// Loose is true if the lock may be stolen or its holder evicted. Such a holder may learn late that it has
	// lost the lock, so exclusion is not promised.
	Loose bool `json:"loose,omitempty"`
}

// A Lock is a lock of a request.
type Lock struct {
	Name   string `json:"name"`
	Shared bool   `json:"shared,omitempty"`
	Limit  int    `json:"limit,omitempty"` // of shared holders, 0: none
}

// A Sample extends a Holder that was reported before.
type Sample struct {
	Client int   `json:"client"`
	N      int64 `json:"n"`
	To     int64 `json:"to"`
}

// Counts says what happened since the last Counts.
type Counts struct {
	Operations map[string]int64 `json:"operations,omitempty"` // by kind and result, such as "shared granted"
	Losses     map[string]int64 `json:"losses,omitempty"`     // by reason
	Checks     map[int]int64    `json:"checks,omitempty"`     // by promise
	Unexpected []string         `json:"unexpected,omitempty"` // errors that nothing explains
	Stalled    time.Duration    `json:"stalled,omitempty"`    // excused, because the process got no processor
	Ran        time.Duration    `json:"ran,omitempty"`        // how much time these counts cover
}

// A Violation is a promise that the client process saw broken.
type Violation struct {
	Promise int    `json:"promise"`
	Detail  string `json:"detail"`
}

// Idle is reported while the process is paused. Busy describes the operations that have not ended.
type Idle struct {
	Busy []string `json:"busy,omitempty"`
}

// Holding says what the clients hold in a calm, and the sessions of all clients of the process.
type Holding struct {
	Sessions []string `json:"sessions"`
	Held     []Held   `json:"held,omitempty"`
}

// A Held is a request that holds a lock in a calm.
type Held struct {
	Lock  string `json:"lock"`
	ID    string `json:"id"`
	Token int64  `json:"token"`
}

// Usage is what a process uses, after a garbage collection.
type Usage struct {
	Heap       int64 `json:"heap"`
	Goroutines int   `json:"goroutines,omitempty"`
}

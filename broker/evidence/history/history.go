package history

import (
	"github.com/lockbroker/lockbroker/broker/evidence/promise"
)

// A History is what was recorded.
type History struct {
	Plan     *Plan
	Requests []*Request
	Notes    []Note            // the faults, when they happened
	Logs     map[string]string // what each process wrote on its standard error, by its name
	// Seen are violations that the recording itself has seen: a worker that gets no lock, or a lock that stays
	// held, although all faults are over.
	Seen []*promise.Violation
}

// A Note is a remark about a moment.
type Note struct {
	Time int64 // nanoseconds on CLOCK_MONOTONIC
	Text string
}

// Check returns what contradicts the promises.
func (h *History) Check() []*promise.Violation { return append(h.Seen, Check(h.Requests)...) }

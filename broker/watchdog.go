package broker

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	watchdogPeriod = time.Second
	// A round of the loop takes a few milliseconds. If the loop is still in the same round
	// after unwellAfter periods, /livez fails. After stuckAfter periods the process panics.
	//
	// The watchdog counts its own periods rather than time, so a process that was frozen has
	// missed none.
	unwellAfter = 5
	stuckAfter  = 60
)

// A watchdog checks that the loop makes progress. Since readers answer pings themselves, no client
// would notice a loop that is stuck: nobody would lose a lock, and nobody would get one.
type watchdog struct {
	busy   atomic.Bool  // the loop is in a round
	rounds atomic.Int64 // how many rounds have begun
	missed atomic.Int64 // for how many periods the same round has gone on

	seen int64 // the round at the last check
}

// begin records that a round of the loop begins. The loop calls it before each round, and end after
// it.
func (w *watchdog) begin() {
	w.rounds.Add(1)
	w.busy.Store(true)
}

func (w *watchdog) end() { w.busy.Store(false) }

// isWell reports whether the loop was making progress at the last check.
func (w *watchdog) isWell() bool { return w.missed.Load() < unwellAfter }

// watch checks the loop until done is closed. It calls stuck when the loop has been in the same
// round for stuckAfter periods.
func (w *watchdog) watch(done <-chan struct{}, stuck func()) {
	ticker := time.NewTicker(watchdogPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		if w.check() >= stuckAfter {
			stuck()
			return
		}
	}
}

// check returns how many checks in a row have found the loop in the same round.
func (w *watchdog) check() int64 {
	round := w.rounds.Load()
	if !w.busy.Load() || round != w.seen {
		w.seen = round
		w.missed.Store(0)
		return 0
	}
	return w.missed.Add(1)
}

// abort panics, and makes the panic show the stacks of all goroutines. A broker whose loop is stuck
// cannot repair itself; a supervisor should restart the process.
func abort() {
	debug.SetTraceback("all")
	panic(fmt.Sprintf("broker: the event loop has been stuck for %v", stuckAfter*watchdogPeriod))
}

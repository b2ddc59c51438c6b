package broker

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	watchdogPeriod = time.Second
	// A round of the loop takes some milliseconds. If the loop is in the same round for
	// unwellAfter periods, /livez says so. After stuckAfter periods the process ends.
	//
	// The watchdog counts periods, not time: a process that was frozen has missed none.
	unwellAfter = 5
	stuckAfter  = 60
)

// A watchdog checks that the loop still turns. Readers answer pings themselves. So if the loop is
// stuck, no client would notice, nobody would lose a lock, and nobody would get one.
type watchdog struct {
	busy   atomic.Bool  // the loop is in a round
	rounds atomic.Int64 // rounds begun
	missed atomic.Int64 // periods in which the same round went on

	seen int64 // the round at the last check
}

// begin is called by the loop before each round, and end after it.
func (w *watchdog) begin() {
	w.rounds.Add(1)
	w.busy.Store(true)
}

func (w *watchdog) end() { w.busy.Store(false) }

// isWell reports whether the loop turns, as of the last check.
func (w *watchdog) isWell() bool { return w.missed.Load() < unwellAfter }

// watch checks the loop until done is closed. It calls stuck once the loop has not turned for too
// long.
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

// check returns for how many checks the loop has been in the same round.
func (w *watchdog) check() int64 {
	round := w.rounds.Load()
	if !w.busy.Load() || round != w.seen {
		w.seen = round
		w.missed.Store(0)
		return 0
	}
	return w.missed.Add(1)
}

// abort ends the process with the stacks of all goroutines. A broker whose loop is stuck cannot
// repair itself. The supervisor of the process starts another.
func abort() {
	debug.SetTraceback("all")
	panic(fmt.Sprintf("broker: the event loop has been stuck for %v", stuckAfter*watchdogPeriod))
}

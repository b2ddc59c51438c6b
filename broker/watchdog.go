package broker

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Pings are answered by the sessions themselves. So when the loop is stuck no client notices, nobody loses
// a lock, and nobody gets one, for ever. The watchdog notices.
const (
	watchdogPeriod = time.Second
	// unwellAfter is after how many periods in which the loop has not finished a round /livez says so,
	// and stuckAfter after how many the process ends. A round takes some milliseconds.
	//
	// Periods are counted, and the time is not looked at: a process that was frozen has missed nothing.
	unwellAfter = 5
	stuckAfter  = 60
)

// A watchdog looks whether the loop still turns.
type watchdog struct {
	busy   atomic.Bool  // the loop is in a round
	rounds atomic.Int64 // that were begun
	missed atomic.Int64 // periods in which the same round went on

	seen int64 // the round of the last look
}

// begin and end are called by the loop around each round.
func (w *watchdog) begin() {
	w.rounds.Add(1)
	w.busy.Store(true)
}

func (w *watchdog) end() { w.busy.Store(false) }

// isWell reports whether the loop turns, as far as is known.
func (w *watchdog) isWell() bool { return w.missed.Load() < unwellAfter }

// watch looks until done is closed, and calls stuck when the loop has not turned for too long.
func (w *watchdog) watch(done <-chan struct{}, stuck func()) {
	ticker := time.NewTicker(watchdogPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		if w.look() >= stuckAfter {
			stuck()
			return
		}
	}
}

// look returns for how many looks the same round has gone on.
func (w *watchdog) look() int64 {
	round := w.rounds.Load()
	if !w.busy.Load() || round != w.seen {
		w.seen = round
		w.missed.Store(0)
		return 0
	}
	return w.missed.Add(1)
}

// abort ends the process, with the stacks of all goroutines. A broker whose loop is stuck
// cannot be mended from within, and whoever supervises the process starts another one.
func abort() {
	debug.SetTraceback("all")
	panic(fmt.Sprintf("broker: the event loop has been stuck for %v", stuckAfter*watchdogPeriod))
}

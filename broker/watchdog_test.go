package broker

import (
	"testing"
	"testing/synctest"
	"time"
)

// If the loop is stuck in a round, first /livez fails, and later the process ends. A loop that is
// idle for a long time is not stuck, nor is one that does one round after another.
func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watchdog
		done, stuck := make(chan struct{}), make(chan struct{})
		go w.watch(done, func() { close(stuck) })
		defer close(done)

		w.begin()
		w.end()
		wait := func(periods time.Duration) {
			time.Sleep(periods * watchdogPeriod) //nolint:forbidigo // virtual time
			synctest.Wait()
		}
		wait(10 * stuckAfter)
		if !w.isWell() {
			t.Error("an idle loop is taken for a stuck one")
		}
		for range 10 * stuckAfter {
			w.begin()
			wait(1)
		}
		if !w.isWell() {
			t.Error("a busy loop is taken for a stuck one")
		}

		w.begin()
		wait(unwellAfter)
		if !w.isWell() {
			t.Error("the watchdog reports a stuck loop too early")
		}
		wait(1)
		if w.isWell() {
			t.Error("the watchdog has not noticed that the loop is stuck")
		}
		wait(stuckAfter - unwellAfter - 1)
		select {
		case <-stuck:
			t.Error("the process ends too early")
		default:
		}
		wait(1)
		select {
		case <-stuck:
		default:
			t.Error("the process goes on")
		}
	})
}

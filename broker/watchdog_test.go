package broker

import (
	"testing"
	"testing/synctest"
	"time"
)

// If the loop is stuck in a round, first /livez fails, and then the process ends. A loop that rests
// for a long time is not stuck, nor is one that does one round after another.
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
			t.Error("a loop that rests is taken for one that is stuck")
		}
		for range 10 * stuckAfter {
			w.begin()
			wait(1)
		}
		if !w.isWell() {
			t.Error("a loop that is busy is taken for one that is stuck")
		}

		w.begin()
		wait(unwellAfter)
		if !w.isWell() {
			t.Error("it is said to be unwell too early")
		}
		wait(1)
		if w.isWell() {
			t.Error("nobody has noticed that it is stuck")
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

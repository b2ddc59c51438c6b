package wsclient

import (
	"time"

	"golang.org/x/sys/unix"
)

// asleep returns for how long the machine has been suspended since it was started. CLOCK_BOOTTIME counts that time.
// CLOCK_MONOTONIC, the clock of package time, does not.
func asleep() (d time.Duration) {
	for range 10 { // the thread may be stopped in between, which looks like a short sleep
		begin := readClock(unix.CLOCK_MONOTONIC)
		boot := readClock(unix.CLOCK_BOOTTIME)
		end := readClock(unix.CLOCK_MONOTONIC)
		if d = boot - begin; end-begin < time.Millisecond {
			break
		}
	}
	return d
}

// readClock returns the time of a clock, or 0 if there is no such clock, as in some containers.
func readClock(id int32) time.Duration {
	var at unix.Timespec
	if unix.ClockGettime(id, &at) != nil {
		return 0
	}
	return time.Duration(at.Nano())
}

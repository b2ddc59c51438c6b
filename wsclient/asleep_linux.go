package wsclient

import (
	"time"

	"golang.org/x/sys/unix"
)

// asleep is for how long the machine has been suspended since it was started: what
// CLOCK_BOOTTIME counts and CLOCK_MONOTONIC, which is that of package time, does not.
func asleep() (d time.Duration) {
	for range 10 { // the thread may be stopped in between, which looks like a short sleep
		begin, boot, end := readClock(unix.CLOCK_MONOTONIC), readClock(unix.CLOCK_BOOTTIME), readClock(unix.CLOCK_MONOTONIC)
		if d = boot - begin; end-begin < time.Millisecond {
			break
		}
	}
	return d
}

// readClock returns 0 where there is no such clock: for containers that have none of them.
func readClock(id int32) time.Duration {
	var at unix.Timespec
	if unix.ClockGettime(id, &at) != nil {
		return 0
	}
	return time.Duration(at.Nano())
}

package wsclient

import (
	"time"

	"golang.org/x/sys/unix"
)

// asleep is for how long the machine has been suspended since it was started: what
// CLOCK_BOOTTIME counts and CLOCK_MONOTONIC, which is that of package time, does not.
func asleep() (d time.Duration) {
	for range 10 { // the thread may be stopped in between, which looks like a short sleep
		begin, boot, end := clock(unix.CLOCK_MONOTONIC), clock(unix.CLOCK_BOOTTIME), clock(unix.CLOCK_MONOTONIC)
		if d = boot - begin; end-begin < time.Millisecond {
			break
		}
	}
	return d
}

// clock is 0 where there is no such clock: for containers that have none of them.
func clock(id int32) time.Duration {
	var at unix.Timespec
	if unix.ClockGettime(id, &at) != nil {
		return 0
	}
	return time.Duration(at.Nano())
}

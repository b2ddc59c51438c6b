package event

import "golang.org/x/sys/unix"

// Now returns the time in nanoseconds on CLOCK_MONOTONIC, which all processes of a machine share. Node's
// process.hrtime reads the same clock.
func Now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // the kernel has this clock
	}
	return t.Nano()
}

package mono

import "golang.org/x/sys/unix"

// Now returns CLOCK_MONOTONIC in nanoseconds. All processes of the machine read the same clock, and
// process.hrtime.bigint of Node reads it, too.
func Now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic("mono: no CLOCK_MONOTONIC: " + err.Error()) // every Linux has it
	}
	return t.Nano()
}

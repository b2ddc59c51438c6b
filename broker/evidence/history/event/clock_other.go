//go:build !linux

package event

import "time"

var start = time.Now()

// Now returns the time in nanoseconds on a monotonic clock of this process. Histories need a clock that processes
// share, so they are recorded on Linux only.
func Now() int64 { return int64(time.Since(start)) }

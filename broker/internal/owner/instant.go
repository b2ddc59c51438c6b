package owner

import "time"

// An Instant is a moment on both clocks of the broker's machine.
type Instant struct {
	// Mono is the monotonic clock. It starts anywhere, never goes back, and may stand still while the machine is
	// suspended.
	Mono time.Duration
	// Wall is the wall clock, since 1970. It can be set.
	Wall time.Duration
}

// since returns the time since earlier, by the clock that has gone further.
func (i Instant) since(earlier Instant) time.Duration {
	return max(i.Mono-earlier.Mono, i.Wall-earlier.Wall)
}

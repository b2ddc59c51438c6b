package core

import "time"

// An Instant is a moment, as the clocks of the computer show it. Only differences between instants matter, so the
// caller chooses where its fields begin to count.
type Instant struct {
	// Mono is the time on a clock that is never set. It may stand still while the computer is suspended.
	Mono time.Duration
	// Wall is the time on the wall clock, which may be set.
	Wall time.Duration
	// Asleep is how long the computer has been suspended, or 0 if the system does not tell.
	Asleep time.Duration
}

// leastSleep is the shortest suspension that counts. Without a suspension, two readings of Asleep differ by less. All
// suspensions since an instant are added up, so the client overlooks no more than this in total.
const leastSleep = 100 * time.Millisecond

// Since returns the greatest time that has passed since earlier according to any of the clocks. So a clock that stood
// still or was set back does no harm. If a clock was set forward, the client may give up locks needlessly, which is
// safe.
func (i Instant) Since(earlier Instant) time.Duration {
	mono := i.Mono - earlier.Mono
	if slept := i.Asleep - earlier.Asleep; slept > leastSleep {
		mono += slept
	}
	return max(mono, i.Wall-earlier.Wall)
}

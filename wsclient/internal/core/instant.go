package core

import "time"

// An Instant is a moment, as the clocks of the machine show it. All its fields count from a begin that
// the caller chooses.
type Instant struct {
	// Mono is the time on a clock that is never set. It may stand still while the machine is suspended.
	Mono time.Duration
	// Wall is the time on the wall clock, which may be set.
	Wall time.Duration
	// Asleep is for how long the machine has been suspended, or 0 if the system does not tell.
	Asleep time.Duration
}

// leastSleep is longer than two readings of Asleep can differ if the machine was not suspended between
// them. All sleep since an instant counts together, so the client overlooks less than this in total.
const leastSleep = 100 * time.Millisecond

// Since returns how much time has passed since earlier, at most. It is the greatest of what the clocks
// say, so a clock that stood still or was set back does no harm. After a clock was set forward, the client
// may give up locks without need, which is safe.
func (i Instant) Since(earlier Instant) time.Duration {
	mono := i.Mono - earlier.Mono
	if slept := i.Asleep - earlier.Asleep; slept > leastSleep {
		mono += slept
	}
	return max(mono, i.Wall-earlier.Wall)
}

package simulation

import "time"

// mix returns a well mixed number that depends on nothing but its arguments (the finalizer of SplitMix64: Steele, Lea
// and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
//
// The world draws every random number in this way, from the seed and the thing that the number is for. So a plan
// without one of its clients, calls or faults gives the others the same delays, and most of the schedule stays.
func mix(seed uint64, keys ...uint64) uint64 {
	x := seed
	for _, key := range keys {
		x += key*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return x
}

// The first key of each draw says what it is for.
const (
	forDelay = iota + 1
	forBackoff
	forWake
	forThaw
	forTurn
	forDisk
	forKill
	forWrite
	forReaction
	forStore
	forPeer
)

// upTo returns a duration from 0 to most, from a random number.
func upTo(most time.Duration, random uint64) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(random % uint64(most+1))
}

// fraction returns a number from 0 to less than 1, from a random number.
func fraction(random uint64) float64 { return float64(random>>11) / (1 << 53) }

// chance reports whether a random number falls into the given percentage.
func chance(percent uint64, random uint64) bool { return random%100 < percent }

//go:build race

package broker_test

// poolLosses is how many allocations to allow for a sync.Pool that loses items. Under the race
// detector, a pool drops items at random.
const poolLosses = 2.0

// raceDetector is true under the race detector, which makes tests several times slower.
const raceDetector = true

//go:build !race

package broker_test

// poolLosses is how many allocations to allow for a sync.Pool that loses items.
const poolLosses = 0.0

const raceDetector = false

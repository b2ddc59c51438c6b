//go:build race

package codec_test

// poolLosses is the number of allocations that a pool may make although it is not empty. With the
// race detector, a pool drops items at random.
const poolLosses = 2.0

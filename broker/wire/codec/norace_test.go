//go:build !race

package codec_test

// poolLosses is the number of allocations that a pool may make although it is not empty.
const poolLosses = 0.0

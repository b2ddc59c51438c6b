//go:build race

package codec_test

// poolLosses is what a pool may allocate although there is something in it: under the
// race detector it throws things away at random.
const poolLosses = 2.0

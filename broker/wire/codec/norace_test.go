//go:build !race

package codec_test

// poolLosses is what a pool may allocate although there is something in it.
const poolLosses = 0.0

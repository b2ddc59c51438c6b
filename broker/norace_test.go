//go:build !race

package broker_test

// poolLosses is what a pool may allocate although there is something in it.
const poolLosses = 0.0

//go:build !race

package broker_test

// poolLosses is how many allocations a pool may make although it is not empty.
const poolLosses = 0.0

//go:build race

package broker_test

// poolLosses is how many allocations a pool may make although it is not empty. Under the race
// detector it drops things at random.
const poolLosses = 2.0

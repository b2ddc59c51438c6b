package bench

import (
	"testing"
	"time"
)

// A scale says how large a benchmark is.
type scale struct {
	idle        int           // connections
	connections []int         // numbers of connections with one caller each
	sessions    int           // sessions whose locks and waiters are measured
	requests    int           // requests of each of these sessions
	rushers     int           // connections whose resident memory is measured
	settle      time.Duration // how long brokerd gets to collect its garbage
	crowd       int           // locks of the session that ends, and of the listing
	waiters     int           // requests that are granted at once
	callers     int           // callers that want one lock
	samples     int           // samples of the latency of another client, at least
	patience    time.Duration // how long to collect them, at most
}

// full is the scale of the figures in README.md.
var full = scale{
	idle: 20_000, connections: []int{1, 10, 100, 1_000, 10_000}, sessions: 10, requests: 100_000,
	rushers: 10_000, settle: 30 * time.Second,
	crowd: 100_000, waiters: 10_000, callers: 1000, samples: 10_000, patience: time.Minute,
}

// small is enough to see that the benchmarks work.
var small = scale{
	idle: 100, connections: []int{1, 20}, sessions: 2, requests: 500, rushers: 100,
	crowd: 2_000, waiters: 200, callers: 30, samples: 20, patience: 10 * time.Second,
}

// chosen returns the scale of this run.
func chosen() scale {
	if testing.Short() {
		return small
	}
	return full
}

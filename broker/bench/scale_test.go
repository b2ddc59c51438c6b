package bench

import "time"

// A scale is how much there is of what costs memory or time.
type scale struct {
	idle     int           // connections
	sessions int           // with as many requests each as one may have
	requests int           // of each of these
	crowd    int           // locks of the session that is dropped, and of the listing
	waiters  int           // that are granted at once
	samples  int           // of the latency of another client, at least
	patience time.Duration // with which samples are collected
}

// full is what the benchmarks measure.
var full = scale{
	idle: 20_000, sessions: 10, requests: 100_000,
	crowd: 100_000, waiters: 10_000, samples: 10_000, patience: time.Minute,
}

// small is enough to see that they work.
var small = scale{
	idle: 100, sessions: 2, requests: 500,
	crowd: 2_000, waiters: 200, samples: 20, patience: 10 * time.Second,
}

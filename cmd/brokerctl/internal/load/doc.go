// Package load puts load on a lock broker and measures how it fares.
//
// [Run] takes a [Plan], connects, lets goroutines acquire and release locks for a
// time, and makes a [Report] of it. Each goroutine asks for its next lock when it
// has released the last one: the load is closed, so a broker that stalls is asked
// less meanwhile, and the percentiles tell what callers have waited, not what they
// would have waited had they come at a fixed rate.
//
// What it measures is not bent by measuring. Goroutines have nothing in common but
// the clients and the names: each counts for itself, and the counts are put
// together at the end. What was granted in the warm-up, or after the time was over,
// does not count, and that waiting is given up at the end is no error.
//
// A measurement of a broker that grants wrongly is worth nothing, so it looks: no
// lock may have more holders than it allows, and tokens must rise.
package load

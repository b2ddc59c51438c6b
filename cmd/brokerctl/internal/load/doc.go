// Package load puts load on a lock broker and measures its performance.
//
// [Run] takes a [Plan], connects, lets goroutines acquire and release locks for a time, and returns a [Report]. Each
// goroutine requests its next lock after it has released the last one. This is a closed load: a broker that stalls
// gets fewer requests in the meantime. So the percentiles say how long these callers waited, not how long callers at
// a fixed rate would have waited.
//
// Measuring hardly disturbs the load. Goroutines share only the clients and the names. Each counts for itself, and
// the counts are added at the end. Grants in the warm-up or after the end do not count, and a request that still
// waits at the end is not an error.
//
// A broker that grants wrongly makes the figures worthless. So Run also checks that no lock has too many
// holders, and that tokens rise.
package load

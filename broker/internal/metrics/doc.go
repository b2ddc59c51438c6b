// Package metrics counts what a broker does, and turns the counts into metrics for Prometheus.
//
// The loop of the broker counts in a [Tally], which nobody else touches. So counting costs the loop
// a few nanoseconds, without locks and atomic operations. For a scrape, the loop copies its tally.
// A [Collector] makes the metrics from the copy, on the goroutine of the scrape.
//
// No label has a value that a client can choose, with one exception: the series of [Locks] name
// locks. The operator chooses which locks by globs, and their number is limited.
package metrics

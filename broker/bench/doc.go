// Package bench measures a broker in a process of its own beside the limit of what
// it stands on: an echo server, also a process, that sends frames of the same
// length back over the same kind of connection. It holds only tests.
//
//	go test -run '^$' -bench . -benchtime 1x ./broker/bench
//
// prints the figures as benchmarks do, and a table of them at the end, beside the
// floors that they should not fall below. Each benchmark takes its time itself,
// which is why it is to run once (-benchtime 1x). Flags, after the package:
//
//	-rounds 5      how many turns each side has
//	-time 1s       how long a turn is measured, after a fifth of that, 200 ms at most, to get going
//	-pinned=false  let the system choose the processors
//
// # How it is measured
//
// A machine is never twice the same: it is shared, and grows warm. So the two sides take turns, broker,
// echo, broker, echo, and a ratio is that of neighbouring turns; what is printed is the median over all rounds, of
// the ratio as well as of the rates and percentiles.
//
// On Linux the server has the last processor that this process may use, and the load has
// the first, one thread of each running at a time. So neither takes time from the other, and
// what is measured does not depend on how many processors there are. Elsewhere, and with
// a single processor, nothing is pinned, which the output says.
//
// The load is closed: a caller asks again when it has been served. Percentiles are
// those of what callers have waited; of a pair it is the time of the acquire and that
// of the release together. The load is the Go client of this module: its
// time is in the figures, as it is in those of whoever uses it.
//
// # The echo
//
// The plain echo reads a frame with gorilla and writes it back, and so does its
// client: one system call for each frame. Where many requests share a connection that is no
// limit, so there the gathered echo is what the broker is held against: frames that came together leave
// together, on both sides.
//
// The frames are those which the Go client would send. A pair is two of them, so one
// caller can have half as many pairs as the echo has frames, at best.
package bench

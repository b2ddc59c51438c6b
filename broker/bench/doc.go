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
//	-brokerprofile FILE  write there on what the broker of the last benchmark has spent its time
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
//
// # The tables
//
// The first has the workloads. A rate is of pairs, an acquire and its release, or of hand-overs of one lock that many
// want, whose latency is the time in which nobody has it; x/echo is the
// rate to that of the frames of the echo:
//
//	OneCaller           one caller in turn; beside one connection of the plain echo
//	SharedClient/N      N callers on one client; beside the gathered echo with N frames in flight
//	Connections/N       N clients with one caller each; beside as many connections of the plain echo
//	Handover/N-callers  one lock that N callers of one client want; beside one connection of the plain echo
//	Handover/N-connections  the same with a client for each
//	Watched/N-watchers  one caller, and N connections that are told what it does
//	Mixed               100 callers on 10 clients: nine of ten requests are for a caller's own lock, the others
//	                    for a shared one or for three at once; beside the gathered echo
//
// The second has other figures: allocations of a pair, in the client and in the broker;
// x/64, the rate in a crowd to that among 64 in the same round; fewest/most, of the grants that callers of one lock
// had; x/unwatched, the rate to that without watchers; and memory, which is what is reachable and what stacks take in the
// broker's process, after collections of garbage, by connection, held lock, waiter behind one lock (waiter), and waiter
// behind each of very many locks (waiter-alone). Where a process may have fewer files than
// connections are wanted, there are as many as it may.
//
// The third has the latency of another client's acquire while nothing else goes on; while a session
// with 100,000 locks is dropped; while these are listed; while 10,000 waiters are granted at once; and while a
// client floods. That client asks again when it has been served: a stall is one sample, however long, and where there
// are few samples the maximum says more than a percentile.
package bench

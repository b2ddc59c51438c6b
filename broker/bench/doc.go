// Package bench measures a broker against the limit of the platform below it: an echo server that
// returns frames of the same length over the same kind of connection. Both run in processes of
// their own. The package holds only tests.
//
//	go test -run '^$' -bench . -benchtime 1x ./broker/bench
//
// prints the figures as benchmarks do. At the end it prints a table of them beside the floors that they should not
// fall below. Each benchmark decides itself how long it measures, so run it once (-benchtime 1x). Flags, after the
// package:
//
//	-rounds 5      how many turns each side has
//	-time 1s       how long a turn is measured, after a warm-up of a fifth of that, 200 ms at most
//	-pinned=false  let the system choose the processors
//	-brokerprofile FILE  write a CPU profile of the broker of the last benchmark to this file
//	-short         show only that the benchmarks work: small crowds, one turn of 50 ms, nothing pinned
//
// Two commands in this directory run the benchmarks for a purpose:
//
//	broker/bench/figures         print the figures that a change must report
//	broker/bench/compare COMMIT  run this tree and another commit in turns, and print both medians
//
// # How it is measured
//
// A machine is never the same twice: other programs share it, and it grows warm. So the two sides
// take turns: broker, echo, broker, echo. A ratio compares neighbouring turns. Every printed figure
// is the median over all rounds.
//
// On Linux the servers run on the last processor that this process may use, and the load on the first. Each side runs
// one thread at a time. So neither side takes time from the other, and the number of processors does not matter.
// Elsewhere, and with a single processor, nothing is pinned; the output says so.
//
// The load is closed: a caller sends its next request when the last one has been answered. Percentiles are of the time
// that callers waited. For a pair that is the time of the acquire plus the time of the release. The load is the Go
// client of this module, so its time is in the figures, as it is for its users.
//
// # The echo
//
// The plain echo reads a frame with gorilla and writes it back, and so does its client: one system call for each
// frame. That is no limit when many requests share a connection. So there the broker is compared with the gathered
// echo: on both sides, frames that arrive together leave together.
//
// The frames are those that the Go client sends. A pair has two of them, so one caller can have at most half as many
// pairs as the echo has frames.
//
// # The tables
//
// The first table has the workloads. A rate counts pairs, an acquire and its release, or hand-overs of one lock that
// many callers want. The latency of a hand-over is the time during which nobody holds the lock. The column x/echo
// divides the rate by the echo's rate of frames:
//
//	OneCaller           one caller; beside one connection of the plain echo
//	AsyncRelease/...    the same workloads as in other rows, without waiting for the confirmation of releases
//	SharedClient/N      N callers on one client; beside the gathered echo with N frames in flight
//	Connections/N       N clients with one caller each; beside N connections of the plain echo
//	ManyConnections/N   the same from 1 to 10,000 connections; the second table has the servers' processor time
//	Handover/N-callers  one lock that N callers of one client want; beside one connection of the plain echo
//	Handover/N-connections  the same with a client for each caller
//	Handover/8x64       eight locks that 64 connections each want; beside eight connections of the plain echo
//	Watched/N-watchers  one caller, and N connections that watch it
//	Mixed               100 callers on 10 clients: nine of ten requests are for a caller's own lock, the others
//	                    for a shared lock or for three locks at once; beside the gathered echo
//	Secure/N            OneCaller, SharedClient and Connections with TLS, a token and a policy of 1,000 rules;
//	                    beside the same echo with TLS
//	Processors/N-connections  Connections/N at a broker that may use one processor; beside such an echo
//	Processors/4-clients      64 callers on each of four clients; beside the gathered echo
//
// The second table has other figures:
//
//	x/without-scrapes  the rate while the metrics are scraped every second, divided by the rate without
//	allocs/pair-*      allocations of a pair, in the client and in the broker
//	x/64               the rate of a crowd, divided by the rate of 64 callers in the same round
//	fewest/most        grants of the caller that had the fewest, divided by grants of the caller that had the most
//	x/unwatched        the rate with watchers, divided by the rate without
//	x/without-TLS      the ratio to the echo with TLS, divided by the ratio without TLS, token and policy
//	broker-µs/pair     processor time of the broker for a pair, and of the echo for a frame; a pair has two frames
//	broker-ms/s        processor time of the broker in a second, if all connections have only heartbeats
//	x/1-processor      the rate of a broker that may use two processors, divided by the rate with one
//	x/1-processor-echo  the same of the echo
//	measured/model-on-2  the rate on two processors, divided by what the model predicts from the costs on one
//	B/idle-connection  memory of the broker for a connection; the figure connections says how many there were
//	B/held-lock        memory of a held lock, without the 16 bytes of its name
//	B/waiter           memory of a waiter, if all wait for one lock
//	B/waiter-alone     memory of a waiter, if each waits for a lock of its own
//	RSS/idle-connection     resident memory of brokerd for a connection
//	RSS/held-lock           resident memory of a held lock, without the 16 bytes of its name
//	RSS/waiter              resident memory of a waiter, if all wait for one lock
//	RSS/after-rush          resident memory after a rush, divided by the memory of a new brokerd
//	RSS/after-second-rush   the memory after a second rush, divided by the memory after the first
//
// Memory is what the broker's process can reach, and its stacks, after garbage collections. If the
// system does not let a process open enough files, there are fewer connections.
//
// Resident memory is what the system counts for a process of brokerd: Rss in /proc/PID/smaps_rollup. Nobody asks
// brokerd for a garbage collection. A figure is the growth of Rss divided by the number of connections, locks or
// waiters. Before and after, brokerd gets half a minute for its garbage, in which clients send nothing but pongs; after
// the connections of the first row, a minute and a half. Then the median of ten readings, a second apart, counts. A
// rush is 10,000 connections, which acquire a million locks together, and then break. Rss is read a minute later. Other
// systems than Linux skip these rows.
//
// The table of the model says what a pair costs a broker on one processor, in µs: its loop, which is one goroutine, and
// all of it. The loop's part is from a CPU profile. From both follows how many pairs a second a broker could do with
// more processors for itself: min(1/loop, processors/all). The last column is the number of processors from which on
// the loop is the limit. If the machine has no third processor, the broker on two processors shares one with the load,
// so its prediction counts the load's processor time as well.
//
// The next table has the latency of an acquire by another client while the broker is busy: with
// nothing; with the end of a session that holds 100,000 locks; with a listing of these; with 10,000
// grants at once; with a client that floods it. The other client sends its next acquire when it has
// released. So a stall is one sample, however long it lasts. If there are few samples, the maximum
// says more than a percentile. The rows Headroom have the same latency while other clients hold a million locks and do
// nothing: with the headroom that brokerd gives its heap, and with Go's default.
//
// Another process causes this work and reads the answers, with the lowest priority, on the processor
// of the load. So the other client need not wait for it, and the latency is about the broker. The rows
// whose names end in -busy measure the same while one more process computes all the time, on the
// broker's processor and with the broker's priority.
//
// The last table has the same latency while strangers flood a brokerd, which has --tokens, with handshakes. The other
// client has connected before. A hundred connections ask for a session without a token, or send the first message of
// TLS and leave when the broker has answered it. So a TLS handshake costs the stranger nothing. Each connection comes
// from another address of the loopback network, so the limits per address do not help the broker. The strangers share
// the processor of the load. They run with the lowest priority, so that the other client need not wait for them. The
// figure broker-µs/handshake is the processor time of brokerd, which also serves the other client, divided by the
// number of handshakes.
package bench

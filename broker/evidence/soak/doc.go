// Command soak runs a real broker with hundreds of real clients, all features mixed, under all faults, for as long as
// it is told. It watches the promises of package promise and the memory of the broker, and writes a report.
//
//	go run ./broker/evidence/soak -for 1h -clients 300
//
// The exit code is 0 only if no promise was broken and nothing grows. Ctrl-C ends the run early, with a report. Run it
// with -help for its flags. It needs Linux. Clients in Node need Node 20 or later; without it, use -node 0.
//
// # What runs
//
// The broker is a child process: package broker, run as cmd/brokerd runs it, with a state directory (internal/host).
// The Go clients (internal/load) live in several child processes, and so do a few clients in Node with the real
// JavaScript client (node/worker.mjs). Each child process of clients has a proxy of its own (package faultproxy). A
// child process of hostile clients (internal/hostile) breaks the protocol and floods the broker from another address.
//
// Storms and calms alternate. In a storm (storm.go) faults come at random (faults.go): cuts, half-open connections, one
// direction only, delays, slow reading, refused connections; clients that are killed or frozen; hostile clients; and a
// broker that is killed, stopped, frozen, or started with a full disk. The broker has a lock delay in every other of
// its lives. In a calm (calm.go) all faults end, and then the soak checks what must be true of a quiet system.
//
// # What is checked
//
//   - Always: no two incompatible holders, by the clocks of the clients (P1, P5); tokens rise, over restarts too (P2);
//     a resource refuses no valid token (P6); waits end in time (P10); a call that fails holds nothing (P11); losses
//     are told (P12); no request is refused as a deadlock unless it is nested (P14). Package judge and package load say
//     how. Every third client watches alone: it looks at the contexts of its locks and does not ask whether it still
//     holds, so that a client without a timer shows.
//   - In a storm: bystanders, which connect without a proxy, lose their locks only when the broker fails (P15). After a
//     kill of the broker nothing is granted until the clients of its last run have given up (P8). Without fencing
//     tokens nothing is granted (P9). A broker that drains grants nothing, and ends in time (P16).
//   - In a calm: all requests end in bounded time (P17). Then nothing is held except by the bystanders, and nobody
//     waits (P7, P11). Every lock can be acquired at once (P17). All clients acquire locks, and the broker's listing
//     agrees with what they hold, to the token (P4, P12). The sessions of the broker are those of the clients (P18).
//   - Over all calms: the broker's heap, resident memory, goroutines, descriptors and state directory, and the memory
//     of the client processes that live from the beginning to the end, do not rise (P18). Package trend has the test,
//     and series.go the growth that passes. The latency in the calms is reported with its trend, and decides nothing,
//     because it depends on what else the machine does.
//
// Restarts of the broker happen in the first third of the run. After that one broker process lives until the end, so
// that a slow leak has time to show.
//
// A bystander that loses its lock breaks P15 only if the kernel gave the broker and the soak enough processor time:
// pauses.go reads how long their threads had to wait. The report has the number of such pauses.
//
// # What it cannot see
//
// It does not check fairness (P3) and resubmission (P13). Real processes never run the same way twice, so -seed repeats
// the schedule of faults, not the run. A full disk is a limit on the size of files: the broker sees each write fail,
// but with EFBIG and not ENOSPC. Without lock delay, the soak never ends the broker's side of a connection while the
// client lives, because a broker without lock delay takes that as the client's end. Locks that are stolen or whose
// holders are evicted are not compared for overlap, because such holders may learn of the loss late. All processes
// share one machine and its clock.
package main

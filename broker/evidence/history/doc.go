// Package history records what real processes observe while everything around them fails, and checks it with
// porcupine, a checker of linearizability.
//
// # What it attacks
//
// Each history has its own broker, two workers with the Go client, and two with the JavaScript client on Node. Each
// worker reaches the broker through a proxy of package faultproxy. Its threads acquire exclusive locks, a
// reader-writer lock, semaphores and several locks at once: with and without waiting, with a Hold, with a wait or a
// context that ends about when the lock is granted. Every third thread holds for one to three session timeouts, so that
// many locks are lost. These threads share three locks, so that others wait. One thread gives up each request just when
// the grant should arrive.
//
// Meanwhile faults happen, as the plan of the history says, which is drawn from its seed:
//
//   - to the network of a worker: cuts, outages, half-open connections, delay and slow reading, in one direction or
//     in both, answers that arrive just before the lease ends, and no new connections;
//   - to a worker: SIGKILL, SIGSTOP for up to three session timeouts, and an orderly restart;
//   - to the broker: SIGKILL, a power failure that half of the workers do not notice, SIGSTOP, and SIGTERM, which
//     drains it. The next broker has the same state directory, and another session timeout, between 0.6 s and 1.5 s.
//
// Most faults are for the worker that was last granted a lock that it holds for long. Plans with few faults alternate
// with plans with many: if nearly everything fails all the time, nearly no lock is held when a fault comes.
//
// # What counts as held
//
// Workers report events with times from CLOCK_MONOTONIC, which all processes of a machine share: see package event. A
// worker asks its client every 10 ms whether a lock still counts as held: Lock.Valid and the context in Go, lock.signal
// in JavaScript. It reads the clock before it asks. So if the answer is yes, the lock counted as held at that
// time, even if the process was frozen in between.
//
//   - A grant happened between the call and the return of the acquire.
//   - The lock counts as held until the last yes, at least. Its end happened after that, and before the worker reported
//     the release or the loss.
//   - A killed worker holds until its last yes, at least. Its end happened before the kernel reported its death.
//   - An acquire that was not answered may have been granted or not. Nobody has used the lock, so it is left out.
//   - A grant without a sample may have ended at any time after the call. The test counts these grants, and fails if
//     they are more than one in 20.
//
// # Holders that watch alone
//
// A client that is asked whether a lock is held reads the clocks, and so notices the end of a lease by itself. Most
// programs do not ask. They wait for the context in Go, or the abort event in JavaScript, and rely on the timers of
// their client. The holders of every third worker process do the same: they ask once, at the grant. Each thread of such
// a process has a client of its own, because any call makes a client read the clocks.
//
// Such a holder counts as holding at each sample at which the context or the signal has not ended. If the process was
// frozen, or the machine is busy, timers come late, and the client is not to blame. So a sample counts only if it and
// the four before it came within 50 ms of each other. The workers in Go use one processor for this, so that samples
// cannot come in time while timers do not.
//
// A holder must be told of a loss soon. The time of the loss is LostError.Since in Go. The workers on Node compute it
// from what they see: the end of the connection unless the broker moves, the latest answer to a ping, and Hold.
//
// # What is checked
//
//   - Porcupine must find an order of the grants and ends that the locks admit, with rising tokens (model.go). Locks
//     that one request names together are checked together. This is P1 exclusion, P2 rising-tokens, P4 all-or-nothing,
//     P5 lease and P8 grace, as the clients see them. Which of them a violation breaks is a guess, made from how the
//     earlier holder ended.
//   - A request that was called after another was granted, on any lock, has a greater token: P2.
//   - A holder does not go on for more than 100 ms after its locks were lost: P12 loss-told. In 40 % of the plans the
//     time between two heartbeats is 3/10 of the session timeout, and not 1/6. Clients look at the lease before each
//     ping. With 1/6 that is when the lease ends, and a missing timer would not show.
//   - When all faults are over, each worker gets a lock within four minutes. All requests from before end, and a client
//     gets all locks while the workers go on: P17 liveness.
//   - Then the workers end in an orderly way, and all locks become free: P7 crash-release, P11 clean-give-up.
//   - No broker and no worker ends by itself.
//
// # What it cannot see
//
// PROMISES.md promises nothing in two cases, and the histories exclude both by construction:
//
//   - Something between client and broker ends the broker's side of a connection, and the client does not know. Such
//     faults are drawn only in histories whose broker runs with --lock-delay: those with odd seeds. In the others the
//     proxy ends only the client's side. The broker's side ends when the client, or its kernel, has ended its own.
//   - A frozen process acts between a check and the use of the lock. The time of a sample is read before the check.
//
// All processes share one machine, so clocks run at the same rate and are never set. The disk never fails. If a lock
// was lost, an overlap that is shorter than the time between two samples may be missed. The order of a queue is not
// checked. Package simulation attacks all of these. Workers do not nest requests, steal, or evict.
//
// # How to run it
//
//	go test ./broker/evidence/history   # four histories of 8 s
//	go test ./broker/evidence/history -histories 200 -length 60s -parallel 10 -timeout 2h
//	go test ./broker/evidence/history -run TestHistories -histories 1 -seed 7 -length 60s
//
// These are its flags:
//
//   - -histories: how many histories to record.
//   - -length: how long the faults of each last.
//   - -seed: the seed of the first. The same seed gives the same plan, but not the same history, because the processes
//     are real.
//   - -parallel, of go test itself: how many are recorded at once. Default: 4.
//   - -patience: how long anything may take that must happen when all faults are over.
//   - -detector: build the broker and the workers with the race detector.
//   - -save: the directory in which broken histories are saved. Each has its plan, its faults, all requests, the
//     logs, and a page by porcupine that shows the orders that it tried.
//
// Histories are recorded on Linux only, and need Node. The checks run everywhere.
package history

// Package simulation attacks the promises of the broker and of its clients in a simulated world.
//
// A world is one program, single-threaded, in virtual time. In it run the real decisions of the broker (package
// broker/internal/core, and with it the lock table) and the real core of the Go client (package wsclient/simclient).
// Everything else is simulated: the network, the processes, their clocks, the disk of the state directory, the
// programs that use the locks, and the resources that the locks protect. After each step, code checks the promises that
// package promise numbers. The same plan always gives the same run.
//
//	seed -> Generate -> Plan -> World.Run -> Result
//
// Start with [Plan], [Generate] and [Run].
//
// # How to run it
//
//	go test ./broker/evidence/simulation                        the corpus, and a few thousand schedules
//	go test ./broker/evidence/simulation -schedules 1000000     more of them; also -from SEED and -steps N
//	go test ./broker/evidence/simulation -v -seed 42            one of them, with everything that happens
//	go test ./broker/evidence/simulation -v -plan FILE          a plan from a file
//
// Schedules with several brokers are TestClusters, and those with a broker alone whose sessions can be taken up are
// TestLasting. -clusters and -lasting say how many, and -from and -seed are as above.
//
//	go test ./broker/evidence/simulation -run 'TestClusters$' -clusters 100000
//	go test ./broker/evidence/simulation -run Broken -search -clusters 30000
//
// When a schedule breaks a promise, the test prints how to replay it. It also prints the smallest plan that it could
// find that breaks the same promise. Such a plan becomes part of the corpus, testdata/plans, once the defect is mended:
// a seed means something else as soon as the generator changes.
//
// # What the adversary can do
//
// [FaultKind] lists it. Networks delay messages, are cut in one or both directions, and reset the connection for one
// side or both. Something in between can end the broker's side as the client's kernel would. Clients are frozen,
// suspended, killed, lose their power, read nothing, or run their timers late. Clocks run at rates within a tenth of
// one another, and wall clocks are set. The broker is drained, killed, frozen, loses its power, or has a slow loop. Its
// disk fails, is slow, or turns into an older copy. Operators evict and steal.
//
// # Several brokers
//
// A plan may have two or three brokers, which share a store with the semantics of etcd. Each runs the real machine of
// package broker/internal/owner, with the core for each of its terms. The code around them follows broker/member.go,
// clustersource.go, recording.go, lasting.go, resume.go, moving.go, stopping.go, handover.go and follow.go. Clients
// know all brokers, and most of them take up their sessions.
//
// The store loses requests and answers, refuses writes, applies them late, and answers nobody for a while. Brokers are
// killed, stopped in order, frozen, and paused together with one or both of their clocks. They are cut off from the
// store, or from clients and other brokers.
//
// What a broker believes proves nothing there, because it may have been deposed and not know it. So the world compares
// what the clients treat as held. [Break] lists the rules that can be broken on purpose. For each of them the corpus
// has a plan that catches it.
//
// A broker alone with a state directory may have the same sessions. What it stores follows package statedir: the state,
// the snapshot and the roll.
//
// # What it cannot see
//
// The world does what the goroutines of package broker and of package wsclient do around their cores. It follows their
// code, but is not that code. So it cannot find a data race, a deadlock of goroutines, a leak, or a mistake in how
// bytes become messages. Package history attacks those, with real processes.
//
// Some things are simpler than they are: all sessions have equal turns, listings and watches do not occur, no limit of
// requests applies, a deadlock search is never interrupted, and a disk that reports success has written. With several
// brokers, standbys pass no clients on. Where sessions can be taken up, the oracle of deadlocks is silent.
//
// A fifth of the plans has a scene: a conjunction of calls and faults that chance seldom brings about. Each was added
// because the other plans missed a planted fault. Package mutation has the faults.
package simulation

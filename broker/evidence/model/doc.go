// Package model has a model of the protocol for the model checker Spin, and the test that exhausts it.
//
// The model attacks the promises of package promise by trying every order of events. Simulation and histories try
// many orders, but not all. The price is size: one exclusive lock, one client in full detail, and a rival that stands
// for all other clients.
//
// # What it covers
//
// The client connects, pings, acquires, cancels, releases, loses its lease, falls silent, reconnects and resubmits. It
// may have an earlier connection that the broker still considers open. The broker opens sessions, grants, keeps locks,
// ends silent sessions, evicts, reserves tokens, and restarts with a grace period. The network delays every message for
// any time, cuts either direction silently, and resets either side. A proxy may make up a FIN. The client may crash,
// say goodbye, or freeze.
//
// Time passes in ticks. The session timeout has four to six of them, and the lease two thirds of that, rounded down.
// The client's clock may be wrong by one tick during a lease, which is more than the promised 10 %. With two ticks of
// six, P5 fails: the margin is needed.
//
// # How it is checked
//
// The test runs several searches: see searches in search_test.go. Each explores every reachable state. A search that
// was cut short fails. So does a statement of the model that no search reaches, unless unreachable in coverage_test.go
// says why. Assertions and LTL formulas carry the numbers of the promises.
//
// The test also plants faults: each define that plantedFaults in faults_test.go lists must break the promise listed.
//
// The file correspondence.md names the functions that each transition of the model stands for. A test checks that they
// exist.
//
//	go test ./broker/evidence/model          takes about 50 s of processor time
//	go test ./broker/evidence/model -deep    explores larger searches, for several minutes
//	go test ./broker/evidence/model -run 'TestSearches/lease' -v
//
// A failure prints the transitions that lead to it, and the commands that find it again.
//
// # What it cannot see
//
// The model is written by hand, so it shows faults of the protocol, and not of the code. It has no shared locks, no
// requests for several locks, no nesting, no waits that time out, and no clients of the same lock that fail at the same
// time. The liveness searches assume a prompt network after the faults, and clients that do not cancel without end.
package model

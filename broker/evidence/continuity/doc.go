// Package continuity attacks the promise that a broker which stops as planned, or crashes, takes no lock from clients
// that can take up their sessions. Its tests run real brokers, and clients in Go and Node that hold and wait.
//
//	go test ./broker/evidence/continuity        a few restarts with some hundred requests
//	go test ./broker/evidence/continuity -v -timeout 30m -restarts 100 -holders 1000 -waiters 10000
//
// With -v the test prints how long grants pause at a restart.
package continuity

// Package etcdtest has no code of its own. Its tests run package broker/etcd, and the decisions of package
// broker/internal/owner, on real etcd: three members in the process of the test.
//
//   - Members are stopped, the leader among them, and so many that no write can succeed.
//   - A proxy loses answers, so that writes are applied and nobody is told.
//   - Three brokers choose an owner, and another one when it is gone.
//
// # Failure runs
//
// TestFailover starts three processes of brokerd. It ends the owner again and again, and tells what clients in Go
// notice: for how long nothing is granted, and who loses a lock.
//
//	go test -run Failover -v . -kills 200 -handovers 100 -timeout 60m
//	go test -run Failover -v . -kills 20 -kinds SIGSTOP -leaders 1
//	go test -run Failover -v . -plain 4
//
// The owner is killed, frozen, cut off from etcd, or cut off from the clients that do not come by another broker. What
// a cut holds up arrives later. A frozen or cut broker comes back when all clients are granted again. The clients hold
// 20 locks, for each of which a rival waits, and count under another one. After each end, porcupine checks the history
// since the last one, by the model of package history. At the end, no step may be missing: neither in the number that
// the lock alone protects, nor in the one that fencing tokens protect, too.
//
// With -plain, some clients are not kept. Then each takeover waits for all of the grace period.
//
// It has a module of its own, because etcd's server depends on many modules that the broker does not need. .ci/run
// runs it.
package etcdtest

// Package etcdtest has no code of its own. Its tests run package broker/etcd, and the decisions of package
// broker/internal/owner, on real etcd: three members in the process of the test.
//
//   - Members are stopped, the leader among them, and so many that no write can succeed.
//   - A proxy loses answers, so that writes are applied and nobody is told.
//   - Three brokers choose an owner, and another one when it is gone.
//
// It has a module of its own, because etcd's server depends on many modules that the broker does not need. .ci/run
// runs it.
package etcdtest

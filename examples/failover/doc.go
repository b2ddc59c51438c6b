// Command failover shows that locks outlive a broker. It runs etcd, three brokers that share a record there, and
// examples/counter, whose processes add 1 to a number under a lock. Meanwhile it kills the broker that grants the
// locks, the owner. Another broker takes over. No addition is lost, and no process loses its lock.
//
//	go run -C examples/failover .
//	go run -C examples/failover . --kills 3 --times 5000
//
// It needs only Go: etcd is compiled in, which takes a minute or two at first. It is a module of its own, because the
// server of etcd depends on many modules that the broker does not need. In production, etcd has three members on three
// machines.
package main

// Package wsclient is the Go client of the lock broker: named locks, shared by
// programs on any number of machines, over one WebSocket connection.
//
//	client, err := wsclient.Dial(ctx, "ws://127.0.0.1:27002", nil)
//	...
//	err = client.WithLock(ctx, "orders/42", nil, func(ctx context.Context) error {
//		return process(ctx) // nobody else is in here
//	})
//
// Start with [Dial], [Client.WithLock] and [Client.Acquire]. A program needs one
// Client. Any number of goroutines may use it and its locks concurrently.
//
// # What a holder can rely on
//
// The function given to WithLock runs if and only if the lock is held. Its
// context ends as soon as the lock is not: with cause [ErrReleased] after the
// function has returned, and with a [LostError] at once when the broker has taken
// the lock back or the connection has ended. Work that goes on after its
// context has ended runs without the lock.
//
// The client pings the broker. If the broker has answered nothing that the client sent within two thirds of
// the session timeout, the client gives up. Its locks then count as lost. The broker
// waits for the whole session timeout before it gives them to others.
// Until then the client leaves the connection open and sends nothing, so that the broker does not notice
// too early. A program that needs long to stop can say so: see StopTime in [Options].
//
// # What is not promised
//
// A process that was frozen for longer than that, or whose machine was suspended,
// finds out when it next checks. [Lock.Valid] compares clocks, and
// does not depend on a timer that has not fired yet. But the process can be frozen just after
// the check. Only the resource can refuse it: pass [Lock.Token] along with each
// write, and let the resource refuse a token that is less than one it has seen.
// See Martin Kleppmann, "How to do distributed locking", 2016.
//
// To the client, a wall clock that is set forward by more than the lease looks the same as
// a suspended machine. It then gives up its locks without need.
//
// If something in the middle resets only the broker's side of the connection,
// the broker gives the locks to others at once. The client learns of it when a close
// arrives or its lease ends.
//
// # Nesting
//
// The locks that a function holds travel in its context. If a call inside asks
// for a lock that an enclosing call holds, the client sends no request: an
// exclusive lock covers everything, and a shared one covers shared ones.
//
// The client requests any other lock while the enclosing ones stay held. If that could never be
// granted, because others wait for those in turn, the broker refuses it with [ErrDeadlock].
// The error says who waits for whom. Release what is held,
// and try again. A shared lock cannot become exclusive.
//
// Several goroutines inside one lock may request locks at the same time, each with the context of that lock.
// It is no deadlock when they wait for one another.
//
// All this depends on the context. Inside, use the context that the function was given, or
// the one of [Lock.Context]. A call with a context from outside looks like another goroutine.
// If it requests a lock that is held inside, it waits for itself, until its Wait is over
// or its context ends.
//
//	client.WithLock(outer, "a", nil, func(ctx context.Context) error {
//		client.WithLock(ctx, "a", nil, f)   // at once: a is held
//		client.WithLock(outer, "a", nil, f) // waits for itself
//		...
//
// A program that another one has started under a lock gives the request of that lock as Parent
// in [AcquireOptions], and is then inside it. [ParentFrom] returns the id that it needs,
// and [ParseID] reads its text.
//
// # Listing and intervening
//
// [Client.Info] lists locks, [Client.Watch] follows them, and [Client.Why] tells
// who is in the way, which [Explain] puts into words. [Client.Evict] ends the
// request of anyone, and Steal in [AcquireOptions] takes locks from their holders.
// Both are for operators, and for programs that act for them.
//
// # Connections
//
// A Client has one connection at a time. When it ends, all locks that were held on
// it are lost. Calls that wait go on waiting. The client reconnects
// after a random pause of at most 100 ms. The bound grows to at most 5 s with each
// attempt that fails and each connection that lasts less than ten seconds. Then the client requests
// again what the calls wait for, in the same order, with what is left of their Wait. Others may have
// got in front of them meanwhile. Some calls fail instead: those that do not wait (TryAcquire, Steal), those
// inside a lock that is lost, and Info, Why and Evict that were sent and not answered.
// A Watch begins again.
//
// A broker may grant nothing for a while, after a crash or while its disk fails. Calls
// wait. Those that do not wait fail with [ErrNotGranting], so that nobody mistakes it for a
// lock that is held.
//
// A broker that is about to stop says so. Holders should then release soon, and
// new calls wait for the next connection. [Client.State] returns the present state,
// and the client calls OnState in [Options] when it changes. [Client.Done] is closed
// only when the client has ended for good.
//
// [Client.Drain] lets holders finish and then closes the client. [Client.Close]
// does not wait for them.
//
// # How it is made
//
// Package internal/core decides what becomes of requests, without a clock and without I/O; its documentation has
// the rules, and its lease.go computes the lease. The Client has one mutex around it, a supervisor that makes one
// connection after another, and a reader and a writer for each connection.
package wsclient

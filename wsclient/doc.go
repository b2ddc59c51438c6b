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
// Client; any number of goroutines may use it and its locks concurrently.
//
// # What a holder can rely on
//
// The function given to WithLock runs if and only if the lock is held. Its
// context ends as soon as the lock is not: with cause [ErrReleased] after the
// function has returned, with a [LostError] at once when the broker has taken
// the lock back or the connection has ended. Work that goes on regardless of
// its context runs without the lock.
//
// The client pings the broker. When for two thirds of the broker's session
// timeout nothing it sent was answered, it gives up: its locks count as lost
// before the broker, which waits for the whole timeout, gives them to others.
// Until then it leaves the connection open, in silence, so that the broker does not notice
// too early. A program that needs long to stop says so, in StopTime of [Options].
//
// # What cannot be promised
//
// A process that was frozen for longer than that, or whose machine was suspended,
// finds out at the first instruction that looks: [Lock.Valid] compares clocks, and
// does not rely on a timer that has not fired yet. But it can be frozen just after
// it has looked. Only the resource can refuse it: pass [Lock.Token] along with each
// write, and let the resource refuse a token that is less than one it has seen.
// See Martin Kleppmann, "How to do distributed locking", 2016.
//
// A clock on the wall that is set forward by more than the lease looks the same as
// a suspended machine: then locks are given up for nothing.
//
// When only the broker's side of the connection is reset, by something in the middle,
// the lock goes to others at once, and this side learns of it when a close
// arrives or its lease runs out.
//
// # Nesting
//
// The locks that a function holds travel in its context. Asking again, inside,
// for a lock that an enclosing call holds is not a request to the broker: an
// exclusive lock covers everything, a shared one covers shared ones.
//
// Any other lock is asked for while the enclosing ones stay held. Where that could never be
// granted, because others wait for those in turn, the broker refuses it with [ErrDeadlock]
// instead of letting it wait. The error says who waits for whom. Release what is held,
// and try again. A shared lock does not become exclusive.
//
// Goroutines inside one lock may ask side by side, each with the context of that lock.
// That they wait for one another is no deadlock.
//
// All this depends on the context. Inside, use the context that the function was given, or
// that of [Lock.Context]. A call with the context from outside looks like another goroutine:
// if it asks for a lock that is held inside, it waits for itself, until its Wait is over
// or its context ends.
//
//	client.WithLock(outer, "a", nil, func(ctx context.Context) error {
//		client.WithLock(ctx, "a", nil, f)   // at once: a is held
//		client.WithLock(outer, "a", nil, f) // waits for itself
//		...
//
// A program that another one has started under a lock names that lock's request as Parent
// in [AcquireOptions], and is then inside it. [ParentFrom] returns the id that it needs,
// and [ParseID] reads its text.
//
// # Looking and stepping in
//
// [Client.Info] lists locks, [Client.Watch] follows them, and [Client.Why] tells
// who is in the way, which [Explain] puts into words. [Client.Evict] ends the
// request of anyone, and Steal in [AcquireOptions] takes locks from their holders:
// for people, and for programs that know better.
//
// # Connections
//
// A Client has one connection at a time. When it ends, every lock that was held on
// it is lost, and says so. Calls that wait go on waiting: the client connects
// again, after a random pause of at most 100 ms, which grows to at most 5 s with each
// attempt that fails and each connection that lasts less than ten, and asks
// for them again, in the same order, with what is left of their Wait. Nobody keeps
// their places meanwhile. What does not wait (TryAcquire, Steal), what is asked for
// inside a lock that is lost, and Info, Why and Evict that are on their way fail
// instead; a Watch begins anew.
//
// A broker may grant nothing for a while, after a crash or while its disk fails. Calls
// wait; those that do not wait fail with [ErrNotGranting], so that nobody takes it for a
// lock that somebody has.
//
// A broker that is about to stop says so. Then holders should release soon, and
// whoever asks waits for the next connection. [Client.State] says how things
// stand, and OnState in [Options] is told when that changes. [Client.Done] is closed
// only when the client has ended for good.
//
// [Client.Drain] lets holders finish and then closes the client; [Client.Close]
// does not wait for them.
package wsclient

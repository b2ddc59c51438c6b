// Package cluster is the interface of the store that several brokers share. The store keeps one record, and the
// record says which broker is the owner: the only one that grants locks.
//
// Start with [Store], [Write] and [Head]. Package broker/etcd implements Store on etcd. A program that embeds the
// broker can pass a Store of its own: anything that can run a small transaction with a condition will do.
//
// # The record
//
// It has three parts:
//
//   - the [Owner]: which broker it is, and what the next owner must know about it;
//   - the beat: the id of the last write. Each write has an id of its own, so a broker that reads its id in the record
//     knows that its write was applied;
//   - the sessions on record: the [Session] of each client that the next owner must wait for.
//
// The brokers decide what is in it. The store only keeps it, and applies a write if nothing has changed since the
// writer last looked ([Write].Guard).
//
// # What a store must promise
//
// The locks are safe only if the store keeps these promises:
//
//   - Writes are linearizable. A write is applied as a whole or not at all, and only if its guard holds at that moment.
//   - Reads are linearizable: they see each write that had been applied when they began.
//   - What was applied stays applied. Restoring a store from a backup while brokers run breaks this promise: first stop
//     all brokers for the grace period of the owner, which its record says.
//
// A write whose answer is lost may have been applied, or be applied later. The store need not hide this: it returns
// an error. It returns [ErrNotApplied] if the write certainly was not applied and never will be.
//
// The store measures no time. No write expires.
package cluster

// Package locktable decides who holds which lock.
//
// A [Table] is a pure state machine. It reads no clock, does no I/O, starts no goroutine
// and logs nothing. The caller passes the time into each call and gets events back. The
// same calls always return the same events. The broker's event loop is the only caller;
// a Table is not safe for concurrent use.
//
// Start with [Table.Acquire], [Event] and the grant rule in grant.go.
//
// # The model
//
// A session is a client's requests. It has at most one connection. A request asks for one or more locks. It
// waits, then holds all of them, then has ended. A lock is a name with two lists: its
// holders, in the order of their grants, and its queue, in the order of arrival. The entry
// of a request in one of these lists is a place. A request has one place at each of its
// locks, and all its places are of the same kind: either it waits everywhere or it holds
// everywhere.
//
//	lock "x"   holders: a--0           queue: b--0, c--0
//	lock "y"   holders: none           queue: b--0
//
// Here a--0 holds x, and b--0 asks for x and y together. It waits at both, although nobody
// holds y. When a--0 releases x, b--0 is granted both at once. A caller sees this as
//
//	Acquire a--0 x    Granted a--0
//	Acquire b--0 x,y  Queued b--0
//	Acquire c--0 x    Queued c--0
//	Release a--0      Released a--0, Granted b--0
//
// The scripts in testdata/locktable show every rule in this form.
//
// # The grant rule
//
// On each of its locks a request has a limit: 1 if it is exclusive, its own limit if it is
// shared with one, otherwise no limit. A request fits a lock if the holders and the request
// together are no more than the least limit among them all. A request is granted when it
// fits each of its locks and no earlier request waits on any of them. It is granted on all
// of its locks at once. Until then it waits in all of their queues, and each queue is first
// come, first served.
//
// Such requests cannot deadlock one another. The earliest of all waiting requests is at the
// head of each of its queues, so it waits for holders only.
//
// # Deadlocks
//
// A request may be nested: made inside another request, its parent, that holds. The parent
// may belong to another session. While a nested request waits, it keeps every request around
// it from ending, because the function that made it has not returned. So nested requests can
// wait for one another in a cycle.
//
// A waiting request keeps no other holder from ending. A holder with nothing inside it that
// waits will end by itself. This is what structured concurrency guarantees: a function under
// a lock returns after everything that it has called has returned, and not before.
//
// If a nested request would have to wait, the table asks whether it could ever be granted. It plays
// the future through. Each holder is released as soon as nothing inside it waits, the grant rule
// decides who gets the free locks, and so on. In this future no request is cancelled, no deadline
// comes, and no steal proceeds. If the request is still waiting at the end, it is refused, and the
// refusal names the cycle.
//
// The answer is exact; reduction.go says why. The cost of the search grows with the number of
// requests and locks that the request can reach. If there are too many, the request is refused
// without an answer.
//
// A long search is done in slices: a call does one ([Config].Search), and [Table.Search] does
// the next. deadlocksearch.go says why the answer is still exact. There is one search at a time.
//
// A request without a parent needs no search. Nor does a steal. Both are inside nothing, so
// they keep nobody from ending while they wait.
//
// The table knows only what requests tell it. A function that asks twice for the same lock,
// each time with the same parent, waits for itself. To the table it looks like two functions
// that run side by side.
//
// # Absence
//
// A session is absent while it has no connection and its client may take it up on another one
// ([Table.Detach], [Table.Attach]). It goes on holding and waiting, and its deadlines count on.
// It can lose what it holds, and what it waits for can be evicted, as if it were not absent.
//
// But an absent session is granted nothing, because its client would not know. Its waiting
// requests keep their places, so they block those behind them even while the lock is free:
//
//	lock "x"   holders: none           queue: a--0, b--1      a is absent
//
// It makes no requests either. Its steals end, and a deadlock search for it is abandoned. A search
// for another request regards an absent session like any other: either its client comes back, or
// the session ends.
//
// # Order within an instant
//
// Each call first does what is due at its time, in this order:
//
//  1. Waiting requests whose wait has passed time out.
//  2. Holders whose hold has passed expire.
//  3. Sessions that have left, and were kept until now, lose their locks.
//  4. Steals under way take locks from their holders.
//  5. Requests that can be granted are granted, in the order in which they arrived.
//
// So a request whose time is over is never granted, however late the call comes.
//
// # Slices
//
// Much can be due at once, and nobody else is served during a call. So a call ends one slice of the
// requests that are due ([Config].Slice), then makes one slice of the grants ([Config].Grants). The
// next call continues. [Table.Deadline] is not in the future while work is left for it.
// [Table.Search] and [Paging.Step] continue a search and a page.
//
// So a call takes about a millisecond at most, however many requests there are (see
// BenchmarkWorst). There are three exceptions:
//
//   - a call that must finish a deadlock search;
//   - a comparison of names with the costliest of globs;
//   - the end of a request with tens of thousands of requests inside it and as many beside
//     it. For 50,000 this takes 2 ms, and they must be made again before it can recur.
//
// [Table.Cost] counts what calls cost.
//
// # Invariants
//
// These hold between calls. The tests check all of them after each step.
//
//  1. Compatible holders: the holders of a lock are no more than the least limit among them.
//  2. Rising tokens: each grant has a greater token than every grant before it.
//  3. First come, first served: each queue is in the order of arrival, and no request waits
//     that could be granted, except those of absent sessions. If a call has used up its slice,
//     such requests may be left over. Then they are among the first that the next call looks at.
//     After Attach, so may requests for which Recheck has not been called.
//  4. All or nothing: a request holds all of its locks, or waits on all of them.
//  5. On time: nothing is granted after its time is over. A call leaves nothing undone that
//     is due, unless it has used up its slice.
//  6. Sessions leave nothing: every request belongs to an open session. No waiting request of
//     a session is granted while the session is dropped. A session that is kept has nothing
//     left once its time is over.
//  7. One end: every request ends exactly once, and is unknown from then on.
//  8. No leaks: a table without requests has no lock in use, no deadline and no nested
//     request. It never remembers more idle names than [Config].MaxIdle.
//  9. No deadlock: the holders can be released in some order, each when nothing inside it
//     waits, that lets every waiting request be granted.
//  10. Nobody is granted what nobody would hear of: nothing is granted to an absent session.
//
// # Memory
//
// There may be millions of requests and locks. So [request] and [lock] have only the fields
// that all of them need. What few of them need is in [extra], [limits] and [idleList]. A held
// lock takes up to 242 bytes beyond its name, and a waiter 122; memory_test.go sets bounds.
//
// The table reuses requests that have ended, so that steady work allocates nothing. reuse.go
// says why nobody can mistake a new request for an old one. Few are kept ([maxSpares]), so
// memory shrinks after a rush; only maps do not shrink.
//
// # Where to look
//
//	grant.go           the grant rule, and every grant
//	acquire.go         whether an acquire is granted, queued, refused or searched for
//	release.go         release, cancel, and how a request ends
//	advance.go         deadlines, and the order within an instant
//	steal.go, evict.go, session.go, shutdown.go   the other ways to end
//	absent.go          sessions without a connection, and comparing them with what a client says
//	nest.go            requests inside requests
//	deadlocksearch.go  when a deadlock search runs, and which calls finish it early
//	reduction.go       the search: explore.go, reduce.go and cycle.go are its phases
//	why.go, obstacle.go, page.go   answers: who holds, who waits, and why
package locktable

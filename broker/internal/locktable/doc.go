// Package locktable decides who holds which lock. It is a state machine and
// nothing else: it reads no clock, does no I/O, starts no goroutine, logs
// nothing. The caller passes the time and gets events back; the same calls give
// the same events, for ever. The broker's event loop is the one caller.
//
// Start with [Table], [Table.Acquire] and [Event].
//
// # Vocabulary
//
// A session opens requests. A request asks for one or several locks, waits,
// then holds all of them, then has ended. Its place at a lock is first in the
// lock's queue, then among the lock's holders. A request may be made inside another one,
// its parent, that holds; it need not be of the same session.
//
// # The grant rule
//
// On each of its locks a request has a limit: 1 when exclusive, its own limit
// when shared with one, else infinite. It fits a lock when the holders and
// itself together are no more than the least limit among them all. It is
// granted when it fits each of its locks and no earlier request waits on any
// of them: on all at once, or on none. A request that is not granted takes its
// place in all its queues at the same instant; every queue is first come, first
// served.
//
// Why such requests cannot deadlock one another: of all that wait, the earliest
// is at the head of each of its queues, so it waits for holders only.
//
// # Deadlocks
//
// A request that waits keeps all those from ending inside which it was made, so requests
// can wait for one another. It keeps nobody else: whoever holds, with nothing inside that
// waits, ends by itself. That is what structured concurrency gives: a function under a lock
// returns when all that it has called has returned, and not before.
//
// When a request with a parent would have to wait, the table asks whether it could
// ever be granted: if every holder were released as soon as nothing inside it waits,
// whatever that frees were granted by the rule, and so on, and nobody gave up, no
// deadline came and no theft under way went on, for that may be given up. If not, it is
// refused, with the cycle. The answer is exact, see reduction.go and deadlock.go. It costs what can be reached from the request;
// where that is very much the request is refused without an answer.
//
// What a request does not say nobody can know. A function that asks twice for one lock, each
// time inside the same parent, waits for itself, and looks like two that run side by side.
//
// Where it is much, a call does a slice of the search only ([Config].Search), and
// [Table.Search] goes on with it; search.go says why the answer is still exact, and what
// brings a search to its end at once. There is one search at a time.
//
// The others need not ask. One without a parent, and one that steals, is inside nothing
// while it waits: it keeps nobody from ending.
//
// # Order within an instant
//
// Every call first does what is due at its time: requests that have waited long
// enough end, then requests that have held long enough end, then steals under way go
// on (theft.go), then what has become free is granted. So nothing is ever granted whose time is over, however
// late the call. The heads of different locks are granted in the order in
// which their requests arrived.
//
// Much can be due or become free at once, and nobody is served meanwhile. So a call
// does a slice of what is due ([Config].Slice), then grants a slice of what can be
// granted ([Config].Grants), and the next call goes on. [Table.Deadline] is not in the
// future then. [Table.Search] and [Paging.Step] go on with what is asked for.
//
// So no call takes much longer than a millisecond, however many requests there are
// (BenchmarkWorst), but for one that must bring a search to its end, a comparison with
// the costliest of globs, and the end of a request with tens of thousands inside it and as many
// beside it (2 ms for 50,000, which must be made anew before that can be again). [Table.Cost] counts what calls cost.
//
// # Invariants
//
// These hold between calls; the tests check all of them after every step.
//
//  1. No two incompatible holders: the holders of a lock are no more than the
//     least limit among them.
//  2. Tokens rise: every grant has a greater token than every grant before it.
//  3. First come, first served: each queue is in the order of arrival, and
//     nobody waits who could be granted, unless the call had a whole slice to
//     look at; who is left over is among the first at whom the next call looks.
//  4. All or nothing: a request holds all of its locks, or waits on all of them.
//  5. In time: nothing is granted when its time is over, and nothing due is left
//     undone after a call that had not a whole slice of it to do.
//  6. A dropped session leaves nothing: no request belongs to a session that is
//     not open, and none of its waiting requests is granted on the way out. One
//     that is kept leaves nothing once its time is over.
//  7. Every request ends exactly once, and is then unknown.
//  8. Nothing leaks: a table without requests has no lock in use, no deadline,
//     no nest; and never more idle names than it is told to remember.
//  9. No deadlock: there is an order in which holders can be released, each when
//     nothing inside it waits, that lets every waiting request be granted.
//
// # Memory
//
// There may be millions of requests and locks. So what all of them need is in
// [request] and [lock], and what few need is elsewhere: in [extra], [limits] and
// [idleList]. A held lock takes up to 242 bytes beyond its name, a waiter
// 122: memory_test.go says what may not become more.
//
// Requests that have ended are used again, so that what comes again and again
// costs no allocation; reuse.go says why nobody mistakes one for the other. So few
// are kept for that ([maxSpares]) that memory shrinks after a rush; only maps do not.
//
// A Table is not safe for concurrent use.
package locktable

// Package core makes the decisions of the broker that concern its promises: who gets which lock and
// when, which fencing token comes with it, and until when the locks of an ended session are kept from
// others.
//
// A [Machine] is a pure state machine around the lock table ([locktable.Table]). It reads no clock,
// does no I/O, starts no goroutine and logs nothing. The caller passes the time and the facts into
// each call, and gets the events of the lock table back. The same calls always return the same
// events. The broker's event loop calls it, and so does the simulation in broker/evidence. A Machine
// is not safe for concurrent use.
//
// Start with [New], [Machine.End] and [Machine.WantsTokens].
//
// # What the caller does
//
// The caller decides whose turn it is, tells clients what happens to their requests ([ReplyTo]),
// stores records, and runs the clock. Until it stops, it
//
//   - calls Allow whenever CanAllow returns true;
//   - passes on what clients ask: Acquire, Release, Cancel, Evict;
//   - calls Tick when the table has something due, Drop while IsDropping, Shut while IsShutting,
//     Revisit while IsRevisiting, and Search while IsSearching;
//   - says which sessions last (Last), which of them have lost their connection (Detach), and calls
//     EndAbsence until it returns false whenever Deadline has come;
//   - asks WantsTokens after each round, and stores what that returns;
//   - sleeps until Deadline, unless something arrives.
//
// Each call does a bounded amount of work. So the caller can serve others between two calls, however
// many requests must end.
//
// # Fencing tokens
//
// Only reserved tokens are given out. A reservation is a record ([Reservation.Record]) that the caller
// must have stored before it calls TokensReserved. The next run begins ([Begin]) at the greater of the
// stored limit and the wall clock, so above every token that was given out, even if this run ends
// without warning. If the record cannot be stored, grants go on until the reserved tokens are used
// up. Then requests wait until a reservation succeeds.
//
// A record is clean only after an orderly stop that left no stale holders ([Record.Stopped]). A run
// after any other end starts with a grace period: it reserves tokens but keeps them back until the
// clients of the last run have given up their locks. A run that itself ends during that time passes
// the whole period on.
//
// # The end of a session
//
// The next waiters get the locks of an ended session when nobody can treat them as held any longer.
// That is at once if the client or its kernel has said that it has ended. Otherwise it is the session
// timeout after the last sign of life: see [Machine.KeptUntil]. Package transport finds out which of
// the two it is, and applies the option LockDelay.
//
// # Taking up a session
//
// A session that lasts outlives its connection. While it has none, it is absent (see the package
// locktable): its requests go on, but it is granted nothing. It ends if nobody takes it up by KeptUntil.
//
// To take it up, a client states what it has in the session, in a [Resumption]. The caller then calls,
// each until it is done:
//
//	Check    may this client take up the session, and can the statement be true? Nothing changes.
//	Detach   if the session still has a connection, that one ends
//	Settle   what the client has not stated ends, and the rest is compared
//	Attach   the session goes on with the connection of another one, which is gone
//	Recheck  what the session could not be granted is granted
//
// If the new connection ends in between, the caller calls GiveUp, and the session stays absent.
//
// # The drain
//
// From BeginDrain on nothing is granted. Requests that wait end with shutting_down, in slices.
// Holders have time to release. The broker may stop ([Machine.IsDrained]) when nobody holds anything,
// or when that time is over.
//
// # Invariants
//
// The tests check all of these after each step, beside those of the lock table.
//
//  1. Tokens that were given out are below the limit of a record that was stored before.
//  2. Nothing is granted in the grace period, and nothing after BeginDrain.
//  3. No lock of an ended session is granted to others before KeptUntil, except after EndKept.
//  4. A pause has a reason: while the lock table may grant, Pause returns "", otherwise it does not.
//  5. At most one reservation is under way.
//  6. A record that was stored promises at least the grace that the clients of this run need.
//  7. A request is refused for a limit of the broker only if it would exceed it, and is never
//     accepted beyond it. Every session may have 16, counted as the limit counts.
//  8. A session that is absent is granted nothing. It ends at KeptUntil, and not before.
//  9. A session is taken up only by its identity and with its newest key, by one client at a time. Until
//     Settle nothing changes.
//  10. When Settle is done, the session has no request that its client has not stated, and what it says
//     of the stated ones is true.
package core

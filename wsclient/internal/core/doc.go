// Package core decides what becomes of a client's requests. It is a state machine and nothing else: it reads no
// clock, does no I/O, starts no goroutine, has no mutex and logs nothing. The same steps give the same outputs, always.
// Package wsclient is its one caller.
//
// Start with [Machine], [Machine.Acquire] and [Output].
//
// # Steps
//
// Each call of a method of [Machine] that changes something is a step. The inputs of the machine are
//
//   - calls: Acquire, Claim, Release, Cancel, Drain, Close, GiveUp;
//   - what the broker sends: Receive;
//   - connections: Connected, SubmitNext, Disconnected, Abandon;
//   - the passing of time: Tick, and the instant that most other steps take;
//   - messages of the client that are not the machine's, such as pings: OpenID, Sent.
//
// After a step the caller does what [Machine.Output] says, and arms one timer for [Machine.Deadline]. The caller
// has one mutex around all of that. So nothing happens between a decision and its effects.
//
// Every step that takes an instant first does what is due by then, except Close and GiveUp, which end everything. The
// lease ends first, then requests whose time is over, then silences (see silence.go). So nothing is granted, and
// nothing counts as held, whose time is over, however late the step. The instant may be older than the latest one: what
// became due meanwhile is done by a later step.
//
// # The life of a request
//
//	state       what it means                         what comes next
//	created     Acquire was not called, or refused    Acquire: covered, pending or waiting
//	covered     enclosing requests hold all it wants  -
//	pending     it waits for a connection             SubmitNext: waiting; its wait is over, Cancel: ended
//	waiting     it was sent, and the broker queues it granted: holding; Cancel: cancelling; refused: ended;
//	                                                  disconnect, shutting_down: pending, or ended
//	holding     it was granted                        Release: releasing; Cancel: cancelling; lost, its hold is
//	                                                  over, disconnect: ended; disconnect before Claim: pending
//	releasing   a release is on its way               released, lost, disconnect: ended
//	cancelling  a cancel is on its way                cancelled, refused, disconnect: ended
//	ended       [Request.End] says how                -
//
// A caller waits until its request is granted or has ended, and then claims it. Its lock is held from the claim until
// [Request.Cause] says why not. A caller that gives up cancels the request, and need not wait for anything.
//
// When a cancel meets a grant, the cancel wins: a request that is cancelling ignores the grant, and the broker releases
// it when it reads the cancel. When a grant meets the end of its connection before its caller has claimed it, nobody
// has used the lock: the request waits again.
//
// # Connections
//
// There is one connection at a time. When it ends, its holders lose their locks, the innermost first. Its waiters
// become pending, and are submitted on the next connection in the order of the calls. A waiter ends instead if it must
// not wait (Once), if it is inside a lock that has just been lost, or if there will be no other connection. While
// the broker drains, new requests are pending, except those that cannot move to the next connection.
//
// [Machine.disconnect] is the one place that decides what becomes of a request without its connection. A
// session that survives its connection would begin there.
//
// # The lease
//
// The answer to a ping extends the lease from when the ping was sent: see [Lease]. When the lease ends, the
// connection counts as ended. Its network connection stays open, in silence, because the broker must not notice
// that before it can be sure that holders have stopped.
//
// # Nesting
//
// A request inside others borrows from them what they hold: see nesting.go. It asks the broker for the rest, and names
// the innermost of them as its parent. When a lender no longer holds, nor do its borrowers.
//
// # Invariants
//
// These hold between steps. The tests check all of them after each step.
//
//  1. Without a connection no request is waiting, holding, releasing or cancelling. No such request is pending.
//  2. With a connection a request is pending only while the broker drains, if this broker has refused it as
//     shutting_down, or until SubmitNext has returned false.
//  3. A request is open in exactly one place: among the pending ones, or among those of the connection.
//  4. Ids rise: each acquire has a greater n than all before it on its connection.
//  5. A request ends once, and is then in no list and has no deadline.
//  6. A lock that is held has no end, no cause, and lenders that are held. Borrowers and lenders know each other.
//  7. In time: after a step with an instant, no lease and no deadline is over by then.
//  8. A request has a deadline exactly if it is pending with a wait, or holds with a hold.
//  9. Whoever waits is woken: a grant and an end are in Wake, and the end of a held lock is in Stop, in the step
//     that made them; borrowers before lenders.
//  10. Drain is complete exactly if no request is open and no connection is silent.
//
// A Machine is not safe for concurrent use.
package core

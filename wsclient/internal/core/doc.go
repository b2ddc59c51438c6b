// Package core decides what becomes of a client's requests. It is a state machine and nothing else: it reads no
// clock, does no I/O, starts no goroutine, has no mutex and logs nothing. The same steps always give the same
// outputs. Its only caller is package wsclient.
//
// Start with [Machine], [Machine.Acquire] and [Output].
//
// # Steps
//
// Each call of a method of [Machine] that changes something is a step. The inputs of the machine are
//
//   - calls: Acquire, Settle, Valid, LeaseOf, Release, Cancel, AskForConfirmation, Drain, Close, GiveUp;
//   - what the broker sends: Receive;
//   - connections: Connected, SubmitNext, Disconnected, Abandon; Receive of the answer to a statement;
//   - the passing of time: Tick, and the instant that most other steps take;
//   - messages that the client sends without the machine, such as pings: Ping, OpenID, Sent.
//
// After a step the caller does what [Machine.Output] says, and arms one timer for [Machine.Deadline]. It holds one
// mutex throughout, so nothing happens between a decision and its effects.
//
// Almost every step that takes an instant first does what is due by then: the lease ends first, then a connection whose
// broker is silent (see noanswer.go), then requests whose time is over, then silences (see silence.go) and stale
// holders (see stale.go). So nothing is granted or counts as
// held after its time, however late the step comes. The exceptions are SubmitNext, which follows Connected at once,
// Close and GiveUp, which end everything, and the Release of a request that has no MinHold and is not Async. The
// instant may lie a little in the past. A later step then does what has become due since.
//
// # The life of a request
//
//	state       what it means                           what comes next
//	created     Acquire was not called, or refused it   Acquire: covered, pending or waiting
//	covered     enclosing requests hold all its locks   -
//	pending     it waits for a connection               SubmitNext: waiting; its wait is over, Cancel: ended
//	waiting     it was sent, and the broker queues it   granted: holding; Cancel: cancelling; refused: ended;
//	                                                    disconnect, shutting_down: pending, or ended
//	holding     it was granted                          Release: releasing, or lingering if its MinHold is not
//	                                                    over; Cancel: cancelling; lost, its hold is over,
//	                                                    disconnect: ended; disconnect before claim: pending
//	lingering   released before its MinHold is over     its MinHold is over, the broker drains: releasing; lost,
//	                                                    disconnect: ended
//	releasing   a release is on its way                 released, lost, disconnect: ended; Async: see async.go
//	cancelling  a cancel is on its way                  cancelled, refused, lost, disconnect: ended
//	ended       [Request.End] says how                  -
//
// In this table a disconnect is one that the session does not survive. Without a connection the states mean the same,
// except that nothing is sent: what is releasing or cancelling then is left out of the next statement.
//
// Drain also ends requests that are pending or waiting, except inside held locks. Close and GiveUp end all requests.
//
// A caller waits until its request is granted or has ended, and then claims it. Its lock counts as held from the claim
// until [Request.Cause] is not nil. A caller that gives up cancels the request, and need not wait for anything.
//
// When a cancel meets a grant, the cancel wins: a request that is cancelling ignores the grant, and the broker
// releases it when it reads the cancel. When the connection ends between a grant and its claim, nobody has used the
// lock. The request then waits again, if it can move to the next connection.
//
// A request that lingers has been released for its caller, so nothing borrows from it, and a call inside it fails. The
// broker alone still sees it hold: see linger.go. Drain waits for it, because it is open.
//
// A request that is Async is over for its caller when its release is queued. It stays releasing until the broker has
// confirmed the release, and is not open meanwhile: see async.go. So a loss that crosses the release is not missed.
//
// # Connections
//
// There is one connection at a time. Usually its session ends with it. Then its holders lose their locks, the innermost
// first. Its waiters become pending, and are submitted on the next connection in the order of the calls. A waiter ends
// instead if it must not wait (Once), if it is inside a lock that has just been lost, or if there will be no other
// connection. While the broker drains, new requests are pending, except those that cannot move to the next connection.
//
// [Machine.disconnect] is the one place that decides what becomes of a request without its connection.
//
// # Sessions that survive
//
// If the hello has a secret, the session survives when the broker has sent moving. With KeepSession, it survives other
// ends, too: see [Machine.survives]. Holders hold on, waiters wait, and new requests are pending. The client counts the
// waits itself. A waiter that must not wait ends. The lease goes on, and when it ends, the holders lose their locks.
// What waits goes on waiting even then. With NoReconnect, the client ends when it loses its session, or the lease ends.
//
// On the next connection the machine states what it holds and waits for: see statement.go. Until the broker has
// answered, the machine behaves as without a connection. Then there are three cases:
//
//   - The broker takes up the session. What it says it has goes on, with the old ids. What it does not have is lost,
//     or pending again if nobody has used it. What was left out has ended as its caller wanted. If a stated request
//     was released or cancelled, or ended, after it was stated, the machine tells the broker now.
//   - The broker does not take it up. Then everything is as if the session had ended with its connection.
//   - The connection ends first. Then the machine tries again, and names the secret of that connection, too. If the
//     broker has closed the connection with a code that ends sessions, it gives the session up, and after two session
//     timeouts with more than wire.MaxTried such attempts.
//
// # The lease
//
// The answer to a ping extends the lease, counted from when the ping was sent: see [Lease]. With KeepSession, a broker
// that is silent after a ping loses the connection earlier: see noanswer.go. When the lease ends, the connection counts
// as ended. If a lock was held, the network connection stays open and silent. If the client closed
// it, the broker would give the lock to others before its holder has stopped.
//
// # Nesting
//
// A request made inside other requests borrows the locks that they hold: see nesting.go. It asks the broker for the
// rest, and names the innermost enclosing request that was sent as its parent. When a lender no longer holds its
// lock, its borrowers no longer hold theirs.
//
// # Invariants
//
// These hold between steps. The tests check all of them after each step.
//
//  1. Without a session no request is waiting, holding, releasing or cancelling. When the lease is over, none is
//     holding.
//  2. With a connection a request is pending only if the broker drains, if this broker has refused it with
//     shutting_down, or before SubmitNext has returned false.
//  3. A request that has not ended is in exactly one place: among the pending ones, or among those of the session.
//  4. Ids rise: each acquire has a greater n than every earlier one of its session.
//  5. A request ends once, and is then in no list and has no deadline.
//  6. A request whose lock is held has no End, no Cause, and only lenders whose locks are held. Lenders list their
//     borrowers, and borrowers their lenders.
//  7. After a step with an instant, no lease and no deadline of a request has passed at that instant.
//  8. A request has a deadline if and only if it is pending with a Wait, waiting with a Wait without a connection,
//     holding with a Hold, or lingering.
//  9. Each grant and each End is in Wake, and each new Cause is in Stop, in the step that made it. Stop has borrowers
//     before lenders.
//  10. IsDrained is true if and only if Drain was called, no request is open, no release is unconfirmed, no
//     connection is silent, and there is no stale holder.
//  11. A release is sent no sooner after the grant than MinHold, unless the broker drains. The Cause of a lingering
//     request says that it was released, or how a lender had lost its lock before. No request waits on the broker
//     inside a lingering one.
//  12. The unconfirmed releases are the Async requests that are releasing, in the order of their releases.
//  13. A connection has a session whose lease is not over. A session without a connection has a secret.
//  14. Without a connection nothing is sent but statements. The messages of a statement fit the limits of the
//     broker, and all but the last one say that there is more.
//
// A Machine is not safe for concurrent use.
package core

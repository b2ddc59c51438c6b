// Package simclient runs the Go client in simulations: one client, driven step by step, without a clock, a goroutine or
// a network. It is for the package broker/evidence/simulation of this module. It is no API of the client: programs must
// use package wsclient. It may change at any time.
//
// Start with [New], [Client.Start] and [Output].
//
// # What is real
//
// The decisions are those of wsclient: a [Client] drives the same state machine (wsclient/internal/core) and the same
// rules for reconnecting (wsclient/internal/retry). Around them, wsclient has goroutines, a mutex and a WebSocket. A
// Client does in their place what they do, in the same order:
//
//	here                            in wsclient
//	carryOut                        Client.carryOut, Client.endConnection
//	Connected, begin                newConn, Client.attach, Client.begin
//	Receive, ReceiveBad, Pinged     conn.receive, conn.pinged
//	Tick: resumes                   conn.awaitAnswer
//	Ended                           conn.fail, conn.closed
//	WriteFailed                     conn.abandon
//	Tick: heartbeat                 conn.write, conn.ping
//	Tick: dial; retry, finish       Client.supervise, Client.reconnect, Client.try
//	Tick: leave                     conn.closeAtEnd
//	Acquire, Settle                 Lock.submit, Lock.settle
//	Release, Status                 Lock.giveBack, Lock.outcome
//	Drain, Close                    Client.Drain, Client.Close
//
// TestLockstep of wsclient gives both the same calls, frames and failures, and compares what they do.
//
// # Steps
//
// Each method with an instant is a step. The instant is what the clocks of the client's machine show; they may run at
// any rate, and the wall clock may be set. A step first empties the [Output], and then fills it with what the caller
// must do. The caller calls [Client.Tick] at the time that [Client.Deadline] returns. It may call it later, as a slow
// machine would, or not at all, as a frozen process would.
//
// # What is left out
//
// The scheduling of goroutines: what wsclient does on several goroutines, one after another, is one step here, except
// that a caller may run later than its grant: see [Client.Settle]. The batches of the writer, with which a heartbeat
// overtakes what waits to be sent. Listings, watches and inquiries. The texts of errors.
package simclient

// Package broker is a lock broker to embed in any http.Server: it hands out
// named locks to programs that share a resource, over WebSocket.
//
//	b, err := broker.New(broker.Config{Logger: log})
//	...
//	server := b.Server() // an http.Server with bounds
//	server.Addr = "127.0.0.1:27002"
//	go server.ListenAndServe()
//	b.Run(ctx) // until ctx ends and holders have released, or had time to
//	server.Close()
//
// Start with [Config], [New], [Broker.Run] and [Broker.Server]. Package wsclient
// is the Go client; package wire holds the protocol and its reference page.
//
// # How it works
//
// A client keeps one connection, a session, that carries all its requests. A
// reader decodes what the client sends and hands it to the event loop. The loop
// is one goroutine and the only one that touches the lock table; it puts the
// replies into the outboxes of the sessions they belong to, and never waits for
// any of them. A writer for each session encodes and sends.
//
//	reader -> inbox -> turns -> loop (lock table) -> outbox -> writer
//
// Sessions take turns, by what their requests cost and not by how many they are:
// package fair divides the loop's time among identities, or addresses, and then
// among the sessions of each. What frees locks comes first, and what takes long gets a third
// of the time at most while anything else is to be done.
//
// # Why the lease is safe under load
//
// Readers answer pings themselves, so a heartbeat does not wait for the loop. A pong
// says that the broker has heard the client at that time, and a client's lease rests on
// nothing else. The broker gives the locks of a silent session to others only when the
// session timeout has passed since its reader received the last sign of life.
//
// Every byte is a sign of life. A client that connects with alive=message asks the broker to
// count only the bytes of messages, because a browser answers pings for a page that hangs.
//
// The reader, not the loop, finds a session silent, by the time of the last sign of life. The
// loop learns of it later, never earlier. So a client whose ping was answered holds its locks
// for the whole of its lease, however far behind the loop is. A loop that is behind delays
// grants, and nothing else.
//
// A loop that is stuck for ever would go unnoticed by clients. A watchdog notices: /livez
// fails after some seconds, and after a minute the process ends with a panic.
//
// When a connection ends, for whatever reason, the loop drops its session: waiting
// requests are withdrawn, then its locks are released, as soon as its client can no
// longer treat them as held. Whatever could be
// long (a drop, a stop, a listing, very many grants, a steal from very many, a search
// for a deadlock) is done in slices between other work, and what blocks (the disk, the
// log) is done aside.
//
// # The door
//
// Whoever reaches the port may try to take what others need. Connections are bounded in all
// and per address, from the accepted upgrade until the goroutines of the session have ended; so
// are those that have not become sessions, of which the oldest is closed for a new one.
// [Broker.Server] bounds the time and the size of requests; the handler reads no bodies, looks
// at no Origin of more than 1 KiB, and serves no ranges of files. What a client chose is cut and
// quoted in the log, and the lines that it can cause at will are limited by kind, and counted.
//
// # What is promised
//
// In the broker's own order of events no two incompatible grants overlap. Each
// queue is first come, first served. Nothing that one client sends costs
// another its locks: bad input is answered with an error, and a client that
// does not read is cut off. A nested request that could never be granted is
// refused, with the cycle, also when its parent belongs to another session. The
// broker assumes that a holder releases once nothing inside it waits.
//
// With [Config].StateDir fencing tokens rise over restarts, whatever ended the
// broker, and after an end that was not clean nothing is granted until the clients of
// that run have given up. They also rise when StateDir is restored from a backup, if the
// clock of the machine is right: a run begins at the greater of what is stored and the
// clock in microseconds. Where the file system tells when a file was made, the broker sees
// that it was restored, and counts that as an end that was not clean.
//
// While nothing can be granted, because of that, or because the disk fails and the
// tokens that were reserved are used up, /readyz answers 503, and everything that clients
// ask says why. Requests wait. It ends by itself.
//
// # What is not
//
// A broker cannot stop a stale holder: a program that was frozen past the session
// timeout goes on until its next instruction that looks. Only the resource can refuse it,
// by checking the fencing token that every grant carries. Without [Config].StateDir tokens
// rise over a restart only if the clock of the machine has not been set back, and there may
// be stale holders after it. Queues and holders live in memory: a restart releases
// everything.
//
// Locks go to others at once only when the client has said goodbye or has answered the
// close frame of the broker, or when its kernel has ended the connection (FIN or RST).
// After any other end, known or not, they are kept until the client's lease has run out. A
// proxy or firewall that sends these in the client's place looks the same as its kernel:
// against that there is [Config].LockDelay.
//
// Pages find the JavaScript client at /client.js, which is one module made of the files in
// package wsclient/js.
//
// A panic of the loop means that an invariant is broken. It is not recovered:
// a broker that no longer knows who holds what must not go on.
package broker

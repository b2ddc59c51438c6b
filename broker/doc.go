// Package broker is a lock broker to embed in any http.Server. It hands out named locks, over
// WebSocket, to programs that share a resource.
//
//	b, err := broker.New(broker.Config{Logger: log})
//	...
//	server := b.Server() // an http.Server with limits
//	server.Addr = "127.0.0.1:27002"
//	go server.ListenAndServe()
//	b.Run(ctx) // until ctx ends and the broker is drained
//	server.Close()
//
// Start with [Config], [New], [Broker.Run] and [Broker.Server]. Package wsclient is the Go client.
// Package wire has the messages, and PROTOCOL.md beside it is their reference.
//
// # How it works
//
// A client keeps one connection, a session, for all its requests. A reader decodes what the client
// sends, and puts it into the inbox of the event loop. The loop is one goroutine, and the only one
// that touches the lock table. It puts replies into the outboxes of the sessions, and never waits
// for any of them. A writer for each session encodes and sends.
//
//	reader -> inbox -> scheduler -> loop (lock table) -> outbox -> writer
//
// Sessions take turns by what their requests cost, not by how many they send. The loop's time is
// divided fairly among identities, or addresses, and then among the sessions of each. What frees
// locks goes first. Long work gets at most a third of the time while there is other work.
//
// # Where to look
//
//	What happens when a connection ends              disconnect.go
//	Where a message becomes a command of the table   translate.go
//	Where a grant is decided                         internal/locktable/grant.go
//	Where a cancel that meets a grant is settled     internal/locktable/release.go, Table.Cancel
//	How the goroutines of a session share it         session.go, reader.go, writer.go
//	Who ended a connection                           internal/transport/endedby.go
//	Where fencing tokens come from                   internal/fence
//	Whose turn it is                                 scheduler.go, internal/fair
//	What a session may have to wait for              flowcontrol.go
//	What happens on a drain                          drain.go
//
// # Why the lease is safe under load
//
// Readers answer pings themselves, so a heartbeat does not wait for the loop. A pong says that the
// broker has heard the client at that time, and a client's lease rests on nothing else. The broker
// gives the locks of a silent session to others only after the session timeout has passed since its
// reader heard the last sign of life.
//
// Every byte is a sign of life. A client that connects with alive=message asks the broker to count
// only the bytes of messages, because a browser answers pings for a page that hangs.
//
// The reader, not the loop, finds that a session is silent, by the time of the last sign of life.
// The loop learns of it later, never earlier. So a client whose ping was answered holds its locks
// for the whole of its lease, however far behind the loop is. A slow loop delays grants, and
// nothing else.
//
// Clients would not notice a loop that is stuck for ever. A watchdog does: /livez fails after some
// seconds, and after a minute the process ends with a panic.
//
// When a connection ends, for whatever reason, the loop ends its session. It withdraws the waiting
// requests. Then it releases the locks, as soon as the client can no longer treat them as held.
// Work that could take long is done in slices, between other work. Work that can block, such as
// writing to the disk or the log, is done on other goroutines.
//
// # Limits
//
// Everybody who reaches the port may try to take what others need. Connections are limited, in all
// and per address, from the accepted upgrade until the goroutines of the session have ended.
// Connections that have not become sessions are limited too: the oldest is closed for a new one.
//
// [Broker.Server] limits the time and the size of requests. The handler reads no bodies, accepts no
// Origin of more than 1 KiB, and serves no ranges of files. The log quotes and shortens the text of
// clients. Lines that clients can cause at will are limited by kind, and counted.
//
// # What is promised
//
// In the broker's own order of events, no two incompatible grants overlap. Each queue is first
// come, first served. Nothing that one client sends costs another its locks: bad input is answered
// with an error, and a client that does not read is cut off. A nested request that could never be
// granted is refused, with the cycle, even if its parent belongs to another session. The broker
// assumes that a holder releases once nothing inside it waits.
//
// With [Config].StateDir, fencing tokens rise over restarts, however the last run ended. After an
// end that was not clean, nothing is granted until the clients of that run have given up their
// locks. Tokens also rise after StateDir was restored from a backup, if the clock of the machine is
// right: a run begins at the stored limit, or at the clock in microseconds if that is greater. If
// the file system records when a file was made, the broker notices the backup, and treats it as an
// end that was not clean.
//
// Nothing can be granted in that time, and when the disk fails and the reserved tokens are used up.
// Then /readyz answers 503, every answer to a client says why, and requests wait. Grants continue
// without help when the cause has gone.
//
// # What is not promised
//
// A broker cannot stop a stale holder. A program that was frozen past the session timeout goes on
// until its next instruction that checks the lock. Only the resource can refuse it, by checking the
// fencing token that every grant carries.
//
// Without [Config].StateDir, tokens rise over a restart only if the clock of the machine has not
// been set back, and there may be stale holders after it. Queues and holders live in memory: a
// restart releases everything.
//
// Locks go to others at once in three cases: the client has said goodbye, it has answered the close
// frame of the broker, or its kernel has ended the connection (FIN or RST). After any other end
// they are kept until the client's lease has run out. A proxy or firewall that sends these in the
// client's place cannot be told from the client or its kernel; [Config].LockDelay protects against
// it.
//
// A panic of the loop means that an invariant is broken. It is not recovered: a broker that no
// longer knows who holds what must not go on.
package broker

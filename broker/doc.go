// Package broker is a lock broker that you can embed in any http.Server. It grants named locks,
// over WebSocket, to programs that share a resource.
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
// Package wire defines the messages, and PROTOCOL.md beside it documents them.
//
// # How it works
//
// A client sends all its requests over one connection, which the broker calls a session. A reader
// decodes what the client sends and puts it into the inbox of the event loop. The loop is one
// goroutine, the only one that calls the core, which decides, and its lock table. The loop puts
// replies into the outboxes of the sessions and never waits for any of them. Each session has a
// writer, which encodes the replies and sends them.
//
//	reader -> inbox -> scheduler -> loop (core) -> outbox -> writer
//
// Sessions take turns according to what their requests cost, not how many they send. The loop
// divides its time fairly among identities (or addresses, for clients without one), and then among
// the sessions of each. Work that frees locks goes first. Long work gets at most a third of the
// time while other work is waiting.
//
// # Where to look
//
//	Who may get a lock when                          internal/core
//	What happens when a connection ends              disconnect.go, internal/core/session.go
//	Where a message becomes a command of the table   internal/core/translate.go
//	Where a grant is decided                         internal/locktable/grant.go
//	Where a cancel that meets a grant is settled     internal/locktable/release.go, Table.Cancel
//	How the goroutines of a session share it         session.go, reader.go, writer.go
//	Who ended a connection                           internal/transport/endedby.go
//	Where fencing tokens come from                   internal/core/ledger.go, internal/fence
//	Whose turn it is                                 scheduler.go, internal/fair
//	What a session may have to wait for              flowcontrol.go
//	What happens on a drain                          drain.go, internal/core/drain.go
//	What is logged                                   loglimit.go, eventlog.go, losslog.go
//	What the dashboard is told                       dashboard.go, history.go, servehistory.go
//	What is audited                                  auditrecord.go, audittrail.go, auditlog.go, auditaccess.go
//
// # Why the lease is safe under load
//
// Readers answer pings themselves, so a heartbeat does not wait for the loop. A pong means that the
// broker heard the client at that moment, and a client's lease depends on nothing else. The broker
// gives a silent session's locks to others only when the session timeout has passed since the
// reader last saw a sign of life.
//
// Every byte is a sign of life. A client that connects with alive=message asks the broker to count
// only bytes of messages, because a browser answers pings even when its page hangs.
//
// The reader, not the loop, detects that a session is silent. The loop learns of it later, never
// earlier. So a client whose ping was answered keeps its locks for its whole lease, however far
// behind the loop is. A slow loop delays replies and grants, but costs nobody a lock.
//
// Clients would not notice a loop that is stuck forever, but a watchdog does: /livez fails after a
// few seconds, and after a minute the process panics.
//
// When a connection ends, for whatever reason, the loop ends its session. It withdraws the waiting
// requests, and releases the locks as soon as the client can no longer treat them as held. Work
// that could take long is done in slices, between other work. Work that can block, such as writing
// to the disk or the log, is done on other goroutines, except for debug-level log lines.
//
// # Limits
//
// Anyone who can reach the port may try to use up what others need. So connections are limited, in
// total and per address; each counts from its accepted upgrade until its session's goroutines have
// ended. Connections that have not become sessions are limited too: the oldest is closed to make
// room for a new one.
//
// [Config].Quota limits what one identity, or one address without identities, may use. [Config].MaxMemory
// limits an estimate of what everything together takes. Beyond a limit the broker refuses what would
// need more, and never what frees something.
//
// [Broker.Server] limits the duration and the size of HTTP requests. The handler reads no bodies,
// accepts no Origin header longer than 1 KiB, and serves no ranges of files. The log quotes and
// shortens text that clients send. Each kind of line that clients can cause at will is
// rate-limited, and the log says how many lines it left out.
//
// # What is promised
//
// In the broker's own order of events, no two incompatible grants overlap. Each queue is first
// come, first served. No malformed or excessive input costs another client its locks: the broker
// answers bad input with an error, and cuts off a client that does not read. A nested request that
// could never be granted is refused, even if its parent belongs to another session; the refusal
// shows the cycle. The search for cycles assumes that a holder releases its locks once none of its
// nested requests waits.
//
// With [Config].StateDir, fencing tokens keep rising across restarts, however the last run ended.
// After an unclean end, nothing is granted until the clients of that run have given up their locks.
// Tokens also rise after StateDir has been restored from a backup, provided the machine's clock is
// right: a run starts at the stored limit, or at the clock's microseconds if they are greater. If
// the file system records when a file was created, the broker notices the restored backup and
// treats it as an unclean end.
//
// Grants pause during that time, and also when the disk fails and the reserved tokens are used up.
// Meanwhile requests wait, /readyz answers 503, and the replies hello, pong, info and why give the
// reason. Grants resume by themselves once the cause is gone.
//
// # What is not promised
//
// A broker cannot stop a stale holder. A program that was frozen past the session timeout carries
// on until it next checks the lock. Only the resource can refuse it, by checking the fencing token
// that every grant carries.
//
// Without [Config].StateDir, tokens rise across a restart only if the machine's clock has not been
// set back, and after the restart there may be stale holders. Queues and holders live in memory: a
// restart releases everything. With StateDir, a planned restart loses nothing: see CONTINUITY.md.
//
// A session's locks go to others at once in three cases: the client said goodbye, it answered the
// broker's close frame, or its kernel ended the connection (FIN or RST). After any other end they
// are kept until the client's lease has run out. With alive=message, only a goodbye counts once the
// broker has sent a close frame. The broker cannot tell a client or its kernel from a proxy or
// firewall that acts in their place; [Config].LockDelay protects against that.
//
// A panic in the loop means that an invariant is broken. The broker does not recover from it: a
// broker that no longer knows who holds what must not go on.
package broker

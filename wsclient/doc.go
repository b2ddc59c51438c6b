// Package wsclient is the Go client of the lock broker: named locks, shared by programs on any number of
// machines, over one WebSocket connection.
//
//	client, err := wsclient.Dial(ctx, "ws://127.0.0.1:27002", nil)
//	...
//	err = client.WithLock(ctx, "orders/42", nil, func(ctx context.Context) error {
//		return process(ctx) // nobody else is in here
//	})
//
// Start with [Dial], [Client.WithLock] and [Client.Acquire]. A program needs one Client. Any number of
// goroutines may use it and its locks concurrently.
//
// # What to use
//
//   - Only one program at a time may do something: [Client.WithLock].
//   - A program should do something only if no other is doing it: [Client.TryWithLock].
//   - A service runs on several hosts, and one of them must be active: [Client.Elect].
//   - A job must run once a minute, on one of several hosts: TryWithLock, with a MinHold in [AcquireOptions] that is
//     a little shorter than the period. Without MinHold, a short job runs once on each host.
//   - At most five programs may do something at once (a semaphore): WithLock, with Mode Shared and Limit 5.
//   - Each item must be handled by one worker of a pool: TryWithLock or WithLock, with the item in the name of the
//     lock, as in orders/42.
//   - A migration must run once before any program goes on: WithLock, and inside the lock check whether it has run.
//   - A function needs two locks at once, such as two accounts: Also in AcquireOptions, which cannot deadlock.
//   - A lock must outlive the function that acquires it: [Client.Acquire] and [Lock.Release].
//
// For example, this runs report once a minute, although several hosts run the same loop:
//
//	once := &wsclient.AcquireOptions{MinHold: 55 * time.Second}
//	for range time.Tick(time.Minute) {
//		_, err := client.TryWithLock(ctx, "report", once, report)
//		if err != nil && !errors.Is(err, wsclient.ErrUnavailable) { // otherwise another host runs it
//			log.Print(err)
//		}
//	}
//
// If the host that has run the job stops, or the connection or the broker ends, before MinHold has passed, the lock is
// free, and another host may run the job again in the same minute. If that must not happen, the job must record
// where it writes that it has run, and look there first.
//
// And this runs at most five conversions at once, in all programs together:
//
//	slot := &wsclient.AcquireOptions{Mode: wsclient.Shared, Limit: 5}
//	err := client.WithLock(ctx, "converter", slot, convert)
//
// If a function under a lock writes to a resource that others use, too, pass [Lock.Token] with each write: see
// below. Inside WithLock, [LockFrom] returns the lock.
//
// No type of this package is a sync.Locker. [Lock] says why.
//
// # What a holder can rely on
//
// WithLock calls its function only after the lock was granted. The context of the function ends as soon as
// the client knows that the lock is no longer held. If the function has returned, the cause is [ErrReleased].
// If the lock was lost, for example because the connection has ended, the cause is a [LostError]. Work that
// goes on after its context has ended runs without the lock.
//
// The client pings the broker, and every answer extends its lease. The lease ends two thirds of the session
// timeout after the client sent the last message that the broker has answered. The client then treats its locks
// as lost. The broker waits for the whole session timeout before it grants them to others. Until then the
// client leaves the connection open and sends nothing, so that the broker does not notice too early. If a
// program needs longer to stop, set StopTime in [Options].
//
// # What is not promised
//
// If a process is frozen, or its machine is suspended, for longer than the lease, it does not notice until
// it checks. [Lock.Valid] compares clocks, and does not depend on a timer that may fire late. But the process
// can freeze just after the check. Only the resource can refuse its writes: pass [Lock.Token] with each write,
// and let the resource refuse a token that is less than one it has seen. See Martin Kleppmann, "How to do
// distributed locking", 2016.
//
// If the wall clock is set forward by more than the lease, the client cannot tell this from a suspended
// machine, and gives up its locks unnecessarily.
//
// If something between client and broker resets only the broker's side of the connection, the broker grants the
// locks to others at once. The client learns of it when it sees the connection end, or when its lease ends.
//
// # Nesting
//
// The context of a function carries the locks that it holds. If a call inside the function acquires a lock that
// an enclosing call already holds, the client sends no request. An exclusive lock covers any request for the
// same lock, and a shared one covers shared requests.
//
// A call inside a lock may request other locks. The enclosing locks stay held meanwhile. If the request could
// never be granted, because those who block it wait for the enclosing locks, the broker refuses it with
// [ErrDeadlock]. The error says which requests wait for which. Release the enclosing locks, and try again. A
// shared lock cannot become exclusive.
//
// Several goroutines inside one lock may request locks at the same time, each with the context of that lock. If
// they wait for one another, that is not a deadlock.
//
// ATTENTION: GOROUTINES THAT GET THE CONTEXT OF A LOCK ARE INSIDE THE LOCK. If five goroutines under one lock call
// WithLock for that same lock, each with the context of the lock, all five run at once: the lock is already held.
// Work that must wait for its own turn, or that goes on after the release, needs a context without the lock: [Detach]
// returns one.
//
// All of this depends on the context. Inside, use the context that the function was given, or the result of
// [Lock.Context]. To the client, a call with an outer context looks like a call of another goroutine. If it
// requests a lock that is already held, it waits for itself, until its Wait has passed or its context ends. The
// error then says that this client holds the lock.
//
//	client.WithLock(outer, "a", nil, func(ctx context.Context) error {
//		client.WithLock(ctx, "a", nil, f)   // at once: a is held
//		client.WithLock(outer, "a", nil, f) // waits for itself
//		...
//
// If a program under a lock starts another program, requests of the second program can be nested, too. Set
// their Parent in [AcquireOptions] to the request that holds the lock. The first program gets the id of that
// request from [ParentFrom] and passes it on as text. The second program reads it with [ParseID].
//
// # Listing and intervening
//
// [Client.Info] lists locks, and [Client.Watch] follows changes. [Client.Why] says who blocks a request, and
// [Explain] puts the answer into words. [Client.Evict] ends anyone's request, and Steal in [AcquireOptions]
// takes locks from their holders. Both are for operators, and for programs that act for them.
//
// # Connections
//
// A Client has one connection at a time. When it ends, all locks that were held on it are lost, unless the client can
// take up its session: see below. The client reconnects after a random pause of at most 100 ms. This bound doubles, up
// to 5 s, with each failed attempt and with each connection that lasts less than ten seconds. Calls that wait go on
// waiting: on the next connection the client resubmits their requests, in the same order, with what is left of their
// Wait. Requests of other clients may be ahead of them by then. A Watch begins again.
//
// Some calls fail instead: those that do not wait (TryAcquire, Steal) and those inside a lost lock. Info,
// Clients, Why, Evict and Ping fail if they were sent and not answered, or if there is no connection for 30 s and
// their context has no deadline.
//
// [Dial] takes several addresses, as in ws://a:27002,ws://b:27002. The client tries them in turn, beginning with the
// one that worked last, or with the next one if the broker there has fallen silent.
//
// # Locks that survive their connection
//
// If a broker keeps its locks when it restarts, no lock is lost: the broker says that it is about to restart, and the
// client takes up its session on the next connection. With Resume in [Options], the client does so after any end of
// the connection that it did not cause. It also gives up a connection on which the broker does not answer a ping.
//
// While there is no connection, the locks count as held until the lease ends. Contexts go on, [Lock.Valid] and
// [Lock.Lease] tell how it stands, and [Client.State] is [Connecting]. The client makes its first attempt to connect
// within 50 ms, and several before the lease ends. Calls that wait keep their places. New calls wait for the
// connection. [Lock.Release] waits for it, too, because only the broker can confirm a release. If the lease ends
// first, the locks are lost with [LostLease]. If the broker does not have a lock any more, it is lost with
// [LostConnection]. Resumed in [Trace] reports whether the client goes on with its session.
//
// A release without a connection tells less than others: if the broker ended the request just before, for example with
// an eviction, Release does not return that loss. Check tokens where this matters.
//
// Resume has a price. If the program is killed, or its machine fails, others get its locks only when the session
// timeout has passed. Close and Drain release at once if there is a connection. After Close without a connection, too,
// others have to wait. Drain waits until the broker knows of all releases.
//
// # Credentials
//
// A broker may ask who the client is. Token in [Options] returns a bearer token. The client calls it before each
// attempt to connect, and again in time before the credential expires. Then it renews the credential on the
// connection, so locks stay held. If the renewal fails, [Trace] reports it, and the connection goes on until the
// old credential expires. A client certificate goes into TLS in [Options]. At a Unix socket, unix:/path, the
// broker may know the user.
//
//	token := func(context.Context) (string, error) {
//		text, err := os.ReadFile("/var/run/secrets/lockbroker/token") // its owner replaces it in time
//		return strings.TrimSpace(string(text)), err
//	}
//	client, err := wsclient.Dial(ctx, "wss://locks.example", &wsclient.Options{Token: token})
//
// [Client.WhoAmI] says who the client is and what it may do. What it may not do is refused with [ErrForbidden]. What it
// may not list is hidden from it: see Hidden in [RequestInfo].
//
// # Errors
//
// Test errors with errors.Is, and use errors.As for details. A refusal is an *[Error], the loss of a lock a
// *[LostError], and a failed attempt to connect a *[DialError]. Without a connection, errors are
// [ErrConnection], and name the URL and the reason. If a context ends first, errors.Is finds both its cause and
// its Err ([context.Canceled] or [context.DeadlineExceeded]). Errors of requests that waited say who holds the
// lock, as far as the broker tells.
//
// The file testdata/wsclient/errors.golden has the text of each error, in a situation that causes it.
//
// A broker may grant nothing for a while, after a crash or while its disk fails. Calls wait. Those that do not
// wait fail with [ErrNotGranting], which does not mean that somebody holds the lock.
//
// A broker that is about to stop tells its clients. Holders should then release soon, and new calls wait for
// the next connection. [Client.State] returns the current state. The channel of [Client.Done] is closed only when
// the client has ended for good.
//
// [Client.Drain] lets holders finish and then closes the client. [Client.Close] does not wait for them.
// [Lock.ReleaseContext] bounds how long a release waits for the broker.
//
// # Logs and metrics
//
// The client logs nothing. Trace in [Options] has functions that the client calls when a request is made, queued,
// granted, released or lost, when it connects, and when an attempt to connect fails: see [Trace]. Observe in [Options]
// follows each request with the context of its call, for spans and metrics: see [Observer]. examples/opentelemetry and
// examples/slog show both.
//
// # How it is made
//
// Package internal/core decides what becomes of requests, without a clock and without I/O. Its documentation
// has the rules, and its lease.go computes the lease. Around the core, the Client has one mutex, one supervisor
// that makes one connection after another, and a reader and a writer for each connection. With a Trace or an Observer,
// one more goroutine calls their functions.
package wsclient

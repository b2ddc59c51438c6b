// Package owner decides which of several brokers grants locks, and what it must put on record before it does.
//
// A [Machine] makes the decisions of one broker. The brokers share a store ([cluster.Store]), whose record says
// which of them is the owner. A Machine is a pure state machine: it reads no clock, does no I/O and starts no
// goroutine. The caller passes the time and the answers of the store into each call. A Machine is not safe for
// concurrent use.
//
// Start with [New], [Machine.WantsWrite] and [Machine.MayAnswer].
//
// D below is [Config.Takeover], and T is [Config.Timeout], the session timeout. A client treats its locks as held
// for at most two thirds of T after it sent the last message that was answered. All clocks may run up to 10 %
// apart.
//
// # What the caller does
//
// After each call, and at [Machine.Deadline], the caller
//
//   - calls Tick;
//   - asks WantsHead, WantsSessions and WantsWrite. It makes each wanted call of the store on a goroutine, with a
//     context that ends after [Machine.Patience], and passes its results to HeadRead, SessionsRead or Wrote;
//   - compares Term with the last one. If it differs, the broker has lost its ownership: the caller closes all
//     connections and forgets all locks. If it is not 0, the broker is now the owner.
//
// While Term is not 0, the caller asks MayAnswer before it sends anything to a client.
//
// # The chain of writes
//
// Each write of the owner is guarded: it is applied only if nobody else has written since the owner's last write.
// So each write that succeeds proves that the broker was still the owner when the write was sent. One write is in
// flight at a time, and there is one at least every half second. The next write carries all changes that have come
// up meanwhile.
//
// A write whose answer is lost is repeated as it was, with the same beat. If the record has this beat, the write
// was applied. If it has another, another broker is the owner: this one has lost its ownership. A write that
// certainly was not applied is composed again, with what has come up since. The chain needs no lease of the store:
// a lease would be measured by the store's clock, and would be renewed by a store that is itself no longer in
// charge.
//
// # When the owner may answer
//
// The owner sends nothing to clients, pongs included, later than D x 10/11 after it sent the last write that was
// acknowledged. It takes the later of its monotonic and its wall clock, because the monotonic clock stands still
// while a machine is suspended. The caller reads the clocks after it has taken a batch of messages: then all of
// them were sent before.
//
// # New connections
//
// A machine can be paused together with both clocks. Then the owner can overlook that others have taken over. So a
// connection gets no grant, and no word that its session is taken up, until a write has been acknowledged that
// began after its hello had come. [Machine.Opened] returns the [Mark] to wait for. Connections that are older than
// the pause need no such rule: their clients have given up, or will before the grace period of the new owner ends.
//
// # Sessions on record
//
// The next owner must wait for each client that may hold locks. So a session is on record before its first grant
// ([Machine.Enter]). Locks that are taken from a client go to others only after that is on record: the caller waits
// for the mark of [Machine.Revoke], if a request loses its locks by an eviction, a steal or the end of its hold, or
// of [Machine.Strike], if the session ends against its will. A release and a goodbye need nothing: their client has
// given up its locks. Strike tidies up after them.
//
// A client that cannot take up its session on another connection cannot tell the next owner what it holds. While
// any of them may hold locks, [cluster.Others] is on record. The next owner waits for it as long as it can.
//
// # Takeover
//
// A standby reads the record every tenth of D. It becomes the owner, with a guarded write, once it has seen the
// same record for D. It begins to count again when it could not read for more than half of D: then the owner
// perhaps could not write either. It need not wait if the record names it, or nobody, as the owner. D is not needed
// for safety. If it is too short, healthy owners are deposed.
//
// The write also reserves fencing tokens above all earlier ones, so that grants can begin without another write.
// Then the broker reads the sessions on record. Only now is it the owner ([Machine.Term]).
//
// # The grace period
//
// At first the new owner grants nothing. It takes up sessions that were on record, and no others
// ([Machine.TakeSessions]). Their clients say what they hold. The grace period ends when all of them have come back,
// else at [Machine.GraceEnds], D + 4/3 x T x 1.1 after the takeover. Those that are missing are then struck off the
// record, which must have succeeded before anything is granted against them. A client that comes later is refused. All
// this is the caller's business: package core does it in the same way for a broker alone that starts after a crash.
//
// Why that is long enough: an earlier owner may have answered until D after its last write, and the takeover came
// after that write. A client that was answered then gives up 2/3 T later. If the earlier owner was paused with its
// clocks, its clients went on sending for 2/3 T, and each of these messages may yet have been answered: another 2/3
// T. D and T are those of the earlier owner, so its record says how long the period must be
// ([cluster.Owner.Grace]). An owner that ends within its own grace period passes the longer of both on.
//
// # Planned hand-over
//
// The owner stops granting, sends a snapshot of its locks to a standby, and makes it the owner with one guarded write
// ([Machine.HandOver]), which names the snapshot. If the standby has that snapshot ([Machine.SnapshotReceived]), it
// accepts with a guarded write of its own, and grants at once what no session of the snapshot holds or waits for
// ([Machine.Accepted]). If it does not, there is a grace period as after a crash. So there is if the snapshot says
// that others may hold locks too, as when the owner was itself in its grace period.
//
// If that standby hangs, another one takes over after D. It accepts the snapshot, too, if it has it: as long as the
// record names the snapshot, nobody has granted anything since, because each takeover removes it from the record.
//
// # Invariants
//
// The simulation in broker/evidence checks the first two, with up to three brokers, a store that loses answers, clocks
// 10 % apart, pauses and freezes. It also breaks each rule of this comment on purpose.
//
//  1. No two clients treat the same lock as held, unless it was taken from one of them by an eviction.
//  2. Fencing tokens rise from grant to grant of a lock.
//  3. The store applies at most one write for each revision, and each write of a term follows the last one.
package owner

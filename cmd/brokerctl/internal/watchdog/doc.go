// Package watchdog ends a command that runs under a lock when the process that guards it cannot: because that was
// stopped, killed, or is out of memory.
//
// The watchdog is a process in a session of its own, so that no signal of a terminal and none to the group of the
// guard reaches it. The two are connected by a pair of sockets. The guard tells the watchdog when to send TERM and
// KILL to the command, should nothing more be heard from it: see [Order]. It tells a later time with each renewal of
// the lease. So a guard that is stopped has a watchdog that acts when the lease ends. When the connection ends without
// [Watchdog.Stop], the guard has ended, and the watchdog sends KILL at once.
//
// It also has the socket of the guard's connection to the broker. The system ends a connection when the last process
// that has it ends. So the broker does not notice the end of the guard, and keeps the lock, until nobody of the command
// is left and the watchdog ends, too; or for its session timeout, which is long enough.
//
// The guard begins with [Start]; the process that this starts calls [Run]. What is not promised: when the watchdog is
// stopped as well, or killed in the same moment as the guard, nobody is left to act.
package watchdog

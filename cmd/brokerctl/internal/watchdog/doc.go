// Package watchdog ends a command that runs under a lock when the guard, the brokerctl that runs the command,
// cannot: because the guard was stopped or killed, or is out of memory.
//
// The watchdog is a process in a session of its own. So it gets no signals from a terminal, nor those for the
// process group of the guard. A pair of sockets connects the two. The guard tells the watchdog when to send
// TERM and KILL to the command if the guard falls silent: see [Instruction]. Each renewal of the lease moves
// these times. So the watchdog of a stopped guard acts when the lease ends. If the connection ends without
// [Watchdog.Stop], the guard has ended, and the watchdog sends KILL at once.
//
// The watchdog also keeps the socket of the guard's connection to the broker open. The operating system closes
// a connection when the last process that has it ends. So the broker does not notice when the guard ends. It
// keeps the lock until the command has ended and the watchdog ends too, or until the session timeout, which
// leaves enough time.
//
// The guard calls [Start]. The process that this starts calls [Run]. One case is not covered: if the watchdog
// is stopped too, or killed together with the guard, nothing ends the command.
package watchdog

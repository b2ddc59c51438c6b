// Package watchdog ends a command that runs under a lock if its guard cannot. The guard is the brokerctl that runs
// the command. It may have been stopped or killed, or be out of memory.
//
// The watchdog is a process in its own session. So it gets neither signals from a terminal nor signals to the process
// group of the guard. A pair of sockets connects the two. The guard tells the watchdog when to send TERM and KILL to
// the command if the guard falls silent: see [Instruction]. Each renewal of the lease moves these times. So the
// watchdog of a stopped guard acts when the lease ends. If the connection ends without [Watchdog.Stop], the guard has
// ended, and the watchdog sends KILL at once.
//
// The watchdog also keeps the socket of the guard's connection to the broker open. The operating system closes a
// connection only when the last process that has it open ends. So the broker does not notice the end of the guard. It
// keeps the lock until the command and then the watchdog have ended, or until the session timeout, which leaves
// enough time.
//
// The guard calls [Start]. The process that Start starts calls [Run]. One case is not covered: if the watchdog is
// also stopped, or is killed together with the guard, the command may outlive the lock.
package watchdog

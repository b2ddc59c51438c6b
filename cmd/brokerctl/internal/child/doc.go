// Package child runs a command as the leader of a process group of its own, in the
// foreground of the terminal where there is one, and knows when not only the command
// but its whole group has ended.
//
// Who runs a command under a lock must not give the lock back while anything of it
// is left: a shell that has ended may leave behind what it has started. What leaves
// the group (a daemon, a job of an interactive shell) is not waited for.
//
// When the lock is lost, it must end, too: it is in the [Tree] of the command. Who that is, a [Cgroup] knows for
// certain, where Linux lets us make one. Elsewhere on Linux, the parents of those who have left must
// have ended: then they are children of this process. Other systems tell nothing of them.
//
// Start with [Start]. A [Child] may be used concurrently. On systems other than Unix
// the package is empty.
package child

// Package child runs a command as the leader of its own process group, in the foreground of the terminal if there is
// one. It reports when the command has ended, and when its whole group has ended.
//
// A program that runs a command under a lock must not release the lock while processes of the command are
// alive: a shell that has ended may leave some. This package does not wait for processes that leave the group,
// such as daemons and jobs of an interactive shell.
//
// When the lock is lost, those processes must end too. They are in the [Tree] of the command. A [Cgroup] knows
// them exactly, if Linux lets this process create one. Elsewhere on Linux, a process that has left the group is
// found once its parent has ended, because it then becomes a child of this process. Other systems cannot find
// such processes.
//
// Start with [Start]. A [Child] may be used concurrently. The package is empty on systems other than Unix.
package child

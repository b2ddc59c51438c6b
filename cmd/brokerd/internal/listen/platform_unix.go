//go:build unix

package listen

import "syscall"

// closeOnExec keeps a descriptor from programs that this process may start.
func closeOnExec(descriptor int) { syscall.CloseOnExec(descriptor) }

//go:build unix

package listen

import "syscall"

// setUmask sets the umask of the process, and returns a function that sets the old one again.
func setUmask(mask int) (restore func()) {
	old := syscall.Umask(mask)
	return func() { syscall.Umask(old) }
}

// closeOnExec keeps a descriptor from programs that this process may start.
func closeOnExec(descriptor int) { syscall.CloseOnExec(descriptor) }

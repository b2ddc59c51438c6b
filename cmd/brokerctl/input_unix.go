//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// isHeldOpen reports whether somebody can still write to a pipe or a socket, or has written to it.
func isHeldOpen(file *os.File) bool {
	fd := int(file.Fd())
	state := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if ready, err := unix.Poll(state, 0); err != nil || ready == 0 {
		return true
	}
	if state[0].Revents&unix.POLLIN == 0 { // a pipe without anybody at its other end
		return false
	}
	n, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return n > 0 || err != nil // the error is that it is no socket
}

// ignoreBackground lets this process go on when it reads from the terminal in whose background it runs. SIGTTIN would
// stop it, and a process that is stopped loses its locks.
func ignoreBackground() { signal.Ignore(syscall.SIGTTIN) }

//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// isHeldOpen reports whether a pipe or a socket has a writer or unread data.
func isHeldOpen(file *os.File) bool {
	fd := int(file.Fd())
	state := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if ready, err := unix.Poll(state, 0); err != nil || ready == 0 {
		return true
	}
	if state[0].Revents&unix.POLLIN == 0 { // A pipe without a writer.
		return false
	}
	n, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return n > 0 || err != nil // The error means that it is not a socket.
}

// ignoreBackground ignores SIGTTIN, which would stop this process when it reads from the terminal in the background.
// A stopped process loses its locks.
func ignoreBackground() { signal.Ignore(syscall.SIGTTIN) }

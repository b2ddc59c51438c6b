//go:build unix

package main

import (
	"os"
	"syscall"
)

var (
	// brokenLog are the signals that a write to the log can cause: when nobody reads it any more, and when it is a
	// terminal that lets no background process write (stty tostop).
	brokenLog = []os.Signal{syscall.SIGPIPE, syscall.SIGTTOU}
	// withoutUse are the signals that make other servers read their files again or write statistics. SIGHUP also
	// comes when a terminal is closed. By default they would end the process at once, without a drain.
	withoutUse = []os.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}
)

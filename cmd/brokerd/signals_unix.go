//go:build unix

package main

import (
	"os"
	"syscall"
)

var (
	// logSignals are the signals that a write to the log can cause: if it has no reader, or if it is a
	// terminal that does not let background processes write (stty tostop).
	logSignals = []os.Signal{syscall.SIGPIPE, syscall.SIGTTOU}
	// unusedSignals make other servers reload their files or write statistics. SIGHUP also comes when a
	// terminal is closed. By default they would end the process at once, without a drain.
	unusedSignals = []os.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}
)

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
	// unusedSignals make other servers write statistics or open their log again. By default they would end the
	// process at once, without a drain.
	unusedSignals = []os.Signal{syscall.SIGUSR1, syscall.SIGUSR2}
)

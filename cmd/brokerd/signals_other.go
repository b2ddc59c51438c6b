//go:build !unix

package main

import (
	"os"
	"syscall"
)

// Other systems have no SIGTTOU, SIGUSR1 or SIGUSR2.
var (
	logSignals    = []os.Signal{syscall.SIGPIPE}
	unusedSignals []os.Signal
)

//go:build !unix

package main

import (
	"os"
	"syscall"
)

// Other systems have no SIGTTOU, SIGUSR1 or SIGUSR2.
var (
	brokenLog  = []os.Signal{syscall.SIGPIPE}
	withoutUse = []os.Signal{syscall.SIGHUP}
)

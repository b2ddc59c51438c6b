//go:build unix

package main

import (
	"os"
	"syscall"
)

var (
	// brokenLog comes of writing the log: to nobody, and, in the background, to a terminal whose owner does
	// not want that (stty tostop).
	brokenLog = []os.Signal{syscall.SIGPIPE, syscall.SIGTTOU}
	// withoutUse are sent by people who know other servers, which read files again or write statistics. SIGHUP
	// comes also when a terminal is closed. Left alone, it would end the process at once, without a drain.
	withoutUse = []os.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}
)

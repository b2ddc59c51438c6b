//go:build !unix

package main

import (
	"os"
	"syscall"
)

// Other systems have neither of the others.
var (
	brokenLog  = []os.Signal{syscall.SIGPIPE}
	withoutUse = []os.Signal{syscall.SIGHUP}
)

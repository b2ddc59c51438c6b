//go:build unix

package main

import (
	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
)

// platformCommands are the commands that exist only on Unix systems.
type platformCommands struct {
	Run      runCmd      `cmd:"" help:"Run a command while holding locks."`
	Watchdog watchdogCmd `cmd:"" hidden:"" help:"End the command of a run whose brokerctl cannot."`
}

// sessionID returns the id of the operating system's session of this process, or 0 if it is unknown.
func sessionID() int {
	id, err := unix.Getsid(0)
	if err != nil {
		return 0
	}
	return id
}

// isWaitedForBy reports whether the run with the process id run waits for this process. It does if this process is in
// the process group of its command. The leader of that group is a child of the run. The run waits for the whole
// group, and ends all of it when it loses its locks.
func isWaitedForBy(run int) bool { return child.ParentOf(unix.Getpgrp()) == run }

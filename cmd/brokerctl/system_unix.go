//go:build unix

package main

import (
	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
)

// systemCommands are those that need what not every system has.
type systemCommands struct {
	Run      runCmd      `cmd:"" help:"Run a command while locks are held."`
	Watchdog watchdogCmd `cmd:"" hidden:"" help:"End the command of a run that cannot do so itself."`
}

// session returns the id of the system's session to which this process belongs.
func session() int {
	id, err := unix.Getsid(0)
	if err != nil {
		return 0
	}
	return id
}

// isWaitedForBy reports whether this process is in the process group of the command of a run, whose leader is a
// child of that run. The run waits for the whole group, and ends the whole group when it loses its locks.
func isWaitedForBy(run int) bool { return child.ParentOf(unix.Getpgrp()) == run }

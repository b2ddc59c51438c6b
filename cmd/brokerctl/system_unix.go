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

// session is the id of that in which this process is, of the system.
func session() int {
	id, err := unix.Getsid(0)
	if err != nil {
		return 0
	}
	return id
}

// isWaitedForBy reports whether this process is in the group that a run has made for its command. The run waits for all of
// them, and ends all of them when it loses its locks. The leader of the group is its child.
func isWaitedForBy(run int) bool { return child.ParentOf(unix.Getpgrp()) == run }

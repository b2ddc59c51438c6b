//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// initPID is the id of the first process of a machine or a container. It becomes the parent of processes whose own
// parent has ended, and must wait for them: otherwise they stay as zombies.
const initPID = 1

// reapOrphans waits for adopted processes if this is the first process of a container. brokerd starts none itself.
func reapOrphans() {
	if os.Getpid() != initPID {
		return
	}
	ended := make(chan os.Signal, 1) // one place is enough: each time all that have ended are reaped
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		for range ended {
			reapEnded()
		}
	}()
}

// reapEnded waits for all children that have ended.
func reapEnded() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err != syscall.EINTR && pid <= 0 {
			return
		}
	}
}

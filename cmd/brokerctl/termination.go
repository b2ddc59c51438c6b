//go:build unix

package main

import (
	"errors"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// endCommand ends the process group, because of cause, before the broker can grant the lock to others. It sends the
// signals before it writes the message.
func (g *guard) endCommand(cause error) {
	grace := g.grace
	if lost := new(wsclient.LostError); errors.As(cause, &lost) && isDisconnected(lost) {
		grace = min(grace, lost.Left()-killTime)
	}
	g.cause = cause
	if grace <= 0 {
		g.killAt = time.Now()
		g.instructWatchdog()
		g.killCommand()
		g.warn("%v; the command is killed", cause)
		return
	}
	g.sendSignal(syscall.SIGTERM)
	g.sendSignal(syscall.SIGCONT) // A stopped process does not handle TERM.
	if killAt := time.Now().Add(grace); g.killAt.IsZero() || killAt.Before(g.killAt) {
		g.killAt = killAt
		g.killTimer.Reset(grace)
	}
	g.instructWatchdog()
	g.warn("%v; the command must end within %v", cause, grace.Round(time.Millisecond))
}

// killCommand kills the group, and with a cgroup also the processes that have left it.
func (g *guard) killCommand() {
	if g.child.IsContained() {
		g.child.Tree(g.watchdog.PID()).Kill()
		return
	}
	g.sendSignal(syscall.SIGKILL)
}

// isDisconnected reports whether the lock was lost because the connection failed. Then the broker may not have
// noticed yet, and lost.Left is the time until it can grant the lock to others. After any other loss, others may
// already hold the lock, so a shorter grace would not help: the command gets its full grace to end cleanly.
func isDisconnected(lost *wsclient.LostError) bool {
	return lost.Reason == wsclient.LostConnection || lost.Reason == wsclient.LostLease
}

//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/watchdog"
)

// watchdogCmd is the hidden command "watchdog".
type watchdogCmd struct {
	Cgroup string `placeholder:"PATH" help:"The cgroup of the command."`
}

// Help is shown below the flags.
func (watchdogCmd) Help() string {
	return `Only brokerctl run starts this command, with file descriptors of its own:

    $ brokerctl watchdog`
}

// Run watches over the process that started this one.
func (c *watchdogCmd) Run() error { return watchdog.Run(child.OpenCgroup(c.Cgroup)) }

// startWatchdog starts a watchdog with the latest instruction.
func (g *guard) startWatchdog() error {
	args := []string{os.Args[0], "watchdog"}
	if path := g.cgroup.Path(); path != "" {
		args = append(args, "--cgroup="+path)
	}
	return g.sibling.Start(func() (pid int, err error) {
		w, err := watchdog.Start(args, g.dialer.socket(), g.instruction)
		if err != nil {
			return 0, err
		}
		g.watchdog = w
		return w.PID(), nil
	})
}

// replaceWatchdog starts another watchdog after the current one was killed. It does without one if that fails, or if
// the current one failed by itself, because the next one would fail too. The command runs well, so it keeps running.
func (g *guard) replaceWatchdog() {
	err := errors.New("it has failed")
	if !g.watchdog.HasFailed() {
		if err = g.startWatchdog(); err == nil {
			return
		}
	}
	g.unwatched = true
	g.warn("the watchdog has ended: %v; if brokerctl is stopped or killed, the command may outlive the lock", err)
}

// watchdogEvents returns the channels that are closed when the watchdog has acted and when it has ended.
// A channel is nil if the guard no longer waits for that event.
func (g *guard) watchdogEvents() (acted, ended <-chan struct{}) {
	if g.unwatched {
		return nil, nil
	}
	if g.cause == nil {
		acted = g.watchdog.Acted()
	}
	return acted, g.watchdog.Ended()
}

// instructWatchdog tells the watchdog when to end the command if it hears nothing more from this process: a little
// later than this process would, which should act first. While the lock is valid, that time is the end of the lease;
// TERM comes before KILL if the session timeout leaves time for both. Once the lock is lost, only the guard ends the
// command, and the watchdog keeps the time of KILL.
func (g *guard) instructWatchdog() {
	now := watchdog.Now() // Read first, because this process may be stopped at any time.
	i := watchdog.Instruction{Guard: os.Getpid()}
	if g.child != nil {
		i.Group, i.Contained = g.child.Group(), g.child.IsContained()
	}
	if g.cause != nil {
		i.Kill = now + time.Until(g.killAt)
	} else {
		left, kept := g.lock.Lease()
		if left <= 0 {
			return
		}
		i.Term = now + left + min((kept-left)/8, maxSlack)
		i.Kill = max(i.Term, min(i.Term+g.grace, now+kept-killTime))
	}
	g.instruction = i
	if g.watchdog != nil {
		g.watchdog.Send(i)
	}
}

// maxSlack is the most by which the watchdog acts later than this process would. The slack is smaller if the session
// timeout leaves little time after the end of the lease.
const maxSlack = 250 * time.Millisecond

// watchdogCause returns why the watchdog has acted.
func (g *guard) watchdogCause() error {
	if !g.lock.Valid() {
		return context.Cause(g.lock.Context())
	}
	return errors.New("brokerctl was stopped so long that it could have lost the lock")
}

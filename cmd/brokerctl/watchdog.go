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

// Help returns the text that --help shows above the flags.
func (watchdogCmd) Help() string {
	return `Only brokerctl run can start this command, because it passes special file descriptors:

    $ brokerctl watchdog`
}

// Run watches the process that started this one.
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

// replaceWatchdog starts another watchdog after the current one was killed. If the current one failed by itself, the
// next one would fail too, so it starts none. Without a watchdog the command keeps running, because the guard can
// still end it.
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

// moveWatchdog starts another watchdog, which keeps the connection open on which the client has taken up its session.
// The old one keeps a connection open that has ended.
func (g *guard) moveWatchdog() {
	if g.unwatched || g.cause != nil {
		return
	}
	if g.watchdog.Stop() {
		g.endCommand(g.watchdogCause())
		return
	}
	if err := g.startWatchdog(); err != nil {
		g.unwatched = true
		g.warn("no watchdog: %v; if brokerctl is stopped or killed, the command may outlive the lock", err)
	}
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

// instructWatchdog tells the watchdog when to end the command if it hears nothing more from this process. That time
// is a little later than the time at which this process acts itself. While the lock is valid, it is the end of the
// lease plus that slack; TERM comes before KILL if the session timeout leaves time for both. Once the lock is lost,
// the guard ends the command, and the watchdog only sends KILL at the guard's time.
func (g *guard) instructWatchdog() {
	now := watchdog.Now() // The clock is read first, because this process may be stopped at any time.
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

// maxSlack limits how much later than the guard the watchdog acts. The slack is smaller if the session timeout leaves
// little time after the end of the lease.
const maxSlack = 250 * time.Millisecond

// watchdogCause returns why the watchdog has acted.
func (g *guard) watchdogCause() error {
	if !g.lock.Valid() {
		return context.Cause(g.lock.Context())
	}
	return errors.New("brokerctl was stopped for so long that it may have lost the lock")
}

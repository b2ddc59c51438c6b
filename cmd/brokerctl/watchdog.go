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

// watchdogCmd is the command "watchdog".
type watchdogCmd struct {
	Cgroup string `placeholder:"PATH" help:"That of the command."`
}

// Help is shown below the flags.
func (watchdogCmd) Help() string {
	return `This is for run, which starts it so, with descriptors of its own:

    $ brokerctl watchdog`
}

// Run watches over the process that has started this one.
func (c *watchdogCmd) Run() error { return watchdog.Run(child.OpenCgroup(c.Cgroup)) }

// startWatchdog starts one with the latest order.
func (g *guard) startWatchdog() error {
	args := []string{os.Args[0], "watchdog"}
	if path := g.cgroup.Path(); path != "" {
		args = append(args, "--cgroup="+path)
	}
	return g.spared.Start(func() (pid int, err error) {
		w, err := watchdog.Start(args, g.line.socket(), g.order)
		if err != nil {
			return 0, err
		}
		g.watchdog = w
		return w.PID(), nil
	})
}

// replaceWatchdog starts another when the one there was was killed. Where that cannot be done, or the next would fail
// as this one did, it leaves it at that: to end a command that runs well would be worse.
func (g *guard) replaceWatchdog() {
	err := errors.New("it has failed")
	if !g.watchdog.HasFailed() {
		if err = g.startWatchdog(); err == nil {
			return
		}
	}
	g.unwatched = true
	g.say("there is no watchdog any more: %v; if brokerctl is stopped or killed, the command may outlive the lock", err)
}

// brief tells the watchdog when to end the command, if it hears nothing more: when this process would do so, and a
// little later, for it should leave that to this process. As long as the lock counts as held the end of the lease
// decides, and there is time for TERM if KILL can wait. What was lost is for the guard to end first.
func (g *guard) brief() {
	at := watchdog.Now() // before all that follows: it may stop at any time
	order := watchdog.Order{Guard: os.Getpid()}
	if g.child != nil {
		order.Group, order.Contained = g.child.Group(), g.child.IsContained()
	}
	if g.cause != nil {
		order.Kill = at + time.Until(g.until)
	} else {
		left, kept := g.lock.Lease()
		if left <= 0 {
			return
		}
		order.Term = at + left + min((kept-left)/8, maxSlack)
		order.Kill = max(order.Term, min(order.Term+g.grace, at+kept-killTime))
	}
	g.order = order
	if g.watchdog != nil {
		g.watchdog.Tell(order)
	}
}

// maxSlack is how much later the watchdog acts than this process would. There is less for it where there is not much
// time between the end of the lease and the end of the session.
const maxSlack = 250 * time.Millisecond

// starved is why the watchdog has acted.
func (g *guard) starved() error {
	if !g.lock.Valid() {
		return context.Cause(g.lock.Context())
	}
	return errors.New("brokerctl was stopped for so long that the lock could have been lost")
}

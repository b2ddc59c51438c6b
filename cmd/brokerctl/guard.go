//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/watchdog"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A guard runs a command under a lock and ends the command when the lock is lost. It never
// waits for its messages to be read.
type guard struct {
	lock     *wsclient.Lock
	dialer   *trackingDialer
	signals  chan os.Signal // signals to forward to the command
	terminal *child.Terminal
	granted  time.Time     // when the locks were granted
	hold     time.Duration // how long the command may run; 0: no limit
	grace    time.Duration // between TERM and KILL
	// holdAtLeast is how long the locks are held after the grant, even if the command ends earlier.
	holdAtLeast time.Duration
	*messageWriter

	cgroup      *child.Cgroup // for the command, or nil
	watchdog    *watchdog.Watchdog
	sibling     child.Sibling        // the watchdog, for package child
	instruction watchdog.Instruction // the latest one
	unwatched   bool                 // there is no watchdog, and none can be started
	child       *child.Child
	cause       error                        // why the guard is ending the command, or nil
	killTimer   *time.Timer                  // fires at killAt
	killAt      time.Time                    // when the command gets KILL
	interrupted bool                         // by Ctrl-C at the terminal: see interruptGroup
	asked       bool                         // INT, TERM or QUIT was forwarded
	forwarded   map[syscall.Signal]time.Time // when each of the endSignals was forwarded last
}

// killTime is how long a process group may take to end after KILL.
const killTime = time.Second

// run runs the command until its process group is empty. It returns nil if the command succeeded, or a failure with
// the exit code of the command or exitLost.
func (g *guard) run(spec child.Spec) error {
	if g.terminal.InForeground(unix.Getpgrp()) && wantsTerminal() {
		spec.Terminal = g.terminal
	}
	restore := g.terminal.Save()
	g.notifyStops()
	if !g.lock.Valid() {
		return nil // Releasing the lock returns the error.
	}
	g.cgroup = child.NewCgroup()
	defer g.cgroup.Leave() // The remaining processes may live on: the command left them on purpose.
	g.instructWatchdog()
	if err := g.startWatchdog(); err != nil {
		return fmt.Errorf("cannot start the watchdog: %w", err)
	}
	var err error
	spec.Cgroup, spec.Sibling = g.cgroup, &g.sibling
	if g.child, err = child.Start(spec); err != nil {
		g.watchdog.Stop()
		return notExecutable(spec.Args[0], errors.Unwrap(err))
	}
	g.instructWatchdog()
	g.supervise()
	g.endLeftovers()
	g.terminal.TakeBack(g.child.Group())
	if spec.Terminal != nil && g.child.Status().Signaled() {
		restore()
	}
	return g.result(spec.Terminal != nil)
}

// wantsTerminal reports whether the command may have the terminal. Inside a pipeline it may not,
// because the next program, such as a pager, is likely to need it.
func wantsTerminal() bool {
	out, err := os.Stdout.Stat()
	return term.IsTerminal(int(os.Stdin.Fd())) && err == nil && out.Mode()&os.ModeNamedPipe == 0
}

// notifyStops adds the signals that stop and continue a process to the forwarded ones.
func (g *guard) notifyStops() {
	for _, s := range []os.Signal{syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGCONT} {
		if !signal.Ignored(s) {
			signal.Notify(g.signals, s)
		}
	}
}

// supervise handles events until the process group is empty.
func (g *guard) supervise() {
	lost, ended := g.lock.Context().Done(), g.child.Ended()
	g.killTimer = time.NewTimer(0)
	g.killTimer.Stop()
	holdEnds := after(g.hold)
	var lingers <-chan time.Time
	for {
		acted, unwatched := g.watchdogEvents()
		select {
		case s := <-g.signals:
			g.forward(s.(syscall.Signal))
		case s := <-g.child.Stopped():
			g.suspend(s)
		case <-lost:
			lost = nil
			g.endCommand(context.Cause(g.lock.Context()))
		case <-g.dialer.read:
			g.instructWatchdog()
		case <-g.dialer.resumed:
			g.moveWatchdog()
		case <-acted:
			lost = nil
			g.endCommand(g.watchdogCause())
		case <-unwatched:
			g.replaceWatchdog()
		case <-holdEnds:
			g.endCommand(fmt.Errorf("--hold has passed: the command has run for %v", g.hold))
		case <-g.killTimer.C:
			g.killCommand()
		case <-ended:
			ended, lingers = nil, time.After(reportDelay)
		case <-lingers:
			g.note("the command has ended, but not its whole process group, which keeps the locks")
		case <-g.child.Gone():
			return
		}
	}
}

// endLeftovers kills the processes that have left the group, if the lock is lost. It stops the watchdog last, so that
// the watchdog can still kill them if this process is stopped or killed. The watchdog may also have ended the group
// before this process noticed the loss.
func (g *guard) endLeftovers() {
	if g.cause != nil {
		g.child.Tree(g.watchdog.PID()).End()
	}
	if g.watchdog.Stop() && g.cause == nil {
		g.cause = g.watchdogCause()
		g.warn("%v; the watchdog has ended the command", g.cause)
		g.child.Tree(0).End()
	}
}

// result returns nil or a failure, from which run takes the exit code of this process.
func (g *guard) result(hadTerminal bool) error {
	status := g.child.Status()
	switch {
	case g.cause != nil:
		return &cli.Failure{Err: g.cause, Code: exitLost}
	case !status.Signaled():
		return exit(status.ExitStatus())
	}
	g.interrupted = hadTerminal && status.Signal() == syscall.SIGINT
	return exit(exitSignal + int(status.Signal()))
}

// interruptGroup sends SIGINT to the process group of this process, such as that of a script. Ctrl-C did not reach
// that group, because the command was alone in the foreground.
func interruptGroup() {
	signal.Reset(syscall.SIGINT)
	_ = unix.Kill(0, syscall.SIGINT)
	<-time.After(time.Second) // The signal ends this process, too.
}

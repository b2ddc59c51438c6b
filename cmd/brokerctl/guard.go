//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A guard runs a command under a lock, and ends it when the lock is lost.
type guard struct {
	lock     *wsclient.Lock
	signals  chan os.Signal // to pass on; those that stop and continue come in addition
	terminal *child.Terminal
	hold     time.Duration // 0: it may run as long as it likes
	grace    time.Duration
	out      io.Writer

	child *child.Child
	cause error       // why it was told to end, for the sake of the lock; or nil
	kill  *time.Timer // fires when it is to be killed, if that has to be
	until time.Time   // when that is
}

// run runs the command until nobody of its group is left. The error says how the
// command has ended, where that is not well.
func (g *guard) run(spec child.Spec) error {
	if g.terminal.InForeground(unix.Getpgrp()) {
		spec.Terminal = g.terminal
	}
	g.listen()
	if !g.lock.Valid() {
		return nil // whoever releases the lock is told
	}
	var err error
	if g.child, err = child.Start(spec); err != nil {
		return &cli.Failure{Err: fmt.Errorf("cannot execute %s: %w", wire.Printable(spec.Args[0]), errors.Unwrap(err)), Code: exitNotExecutable}
	}
	g.watch()
	g.terminal.TakeBack(g.child.Group())
	return g.verdict(spec.Terminal != nil)
}

// listen passes on what stops and continues, too: from now on it is for the command.
func (g *guard) listen() {
	for _, s := range []os.Signal{syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGCONT} {
		if !signal.Ignored(s) {
			signal.Notify(g.signals, s)
		}
	}
}

// watch returns when nobody of the group is left.
func (g *guard) watch() {
	lost, ended := g.lock.Context().Done(), g.child.Ended()
	g.kill = time.NewTimer(0)
	g.kill.Stop()
	over := after(g.hold)
	var left <-chan time.Time
	for {
		select {
		case s := <-g.signals:
			g.take(s.(syscall.Signal))
		case s := <-g.child.Stopped():
			g.suspend(s)
		case <-lost:
			lost = nil
			g.end(context.Cause(g.lock.Context()))
		case <-over:
			g.end(fmt.Errorf("the command has run for %v", g.hold))
		case <-g.kill.C:
			g.child.Signal(syscall.SIGKILL)
		case <-ended:
			ended, left = nil, time.After(noticeAfter)
		case <-left:
			_, _ = fmt.Fprintln(g.out, "brokerctl: the command has ended, but not all that it has started: the locks are held until then")
		case <-g.child.Gone():
			return
		}
	}
}

// after is when d has passed; never, if d is 0.
func after(d time.Duration) <-chan time.Time {
	if d == 0 {
		return nil
	}
	return time.After(d)
}

// take passes a signal on, but for the one to continue when the lock is gone: whoever
// was stopped is not to go on without it.
func (g *guard) take(s syscall.Signal) {
	if s == syscall.SIGCONT {
		if !g.lock.Valid() {
			return
		}
		if g.terminal.InForeground(unix.Getpgrp()) {
			g.terminal.Give(g.child.Group())
		}
	}
	g.child.Signal(s)
}

// suspend stops this process, and those of its own group, after the command was
// stopped at the terminal, so that the shell which has started them notices. Before
// that everybody in the command's group is stopped, whatever they do about the
// signal: nobody keeps the lock for them meanwhile. Where no shell could continue
// them the command goes on at once.
//
// Who is stopped without a terminal, or in its background by somebody who wants to
// look at it for example, keeps the lock.
func (g *guard) suspend(s syscall.Signal) {
	foreground := g.terminal.InForeground(g.child.Group())
	if g.terminal == nil || s == syscall.SIGSTOP && !foreground {
		return
	}
	if sid, err := unix.Getsid(0); err != nil || sid == unix.Getpgrp() {
		if foreground {
			g.child.Signal(syscall.SIGCONT)
		}
		return
	}
	g.child.Signal(syscall.SIGSTOP)
	g.terminal.TakeBack(g.child.Group())
	_, _ = fmt.Fprintln(g.out, "brokerctl: stopped; the locks are lost if that lasts for more than a few seconds")
	// Not SIGTSTP: once it was asked for, the runtime of Go does not let it go.
	_ = unix.Kill(0, syscall.SIGSTOP)
}

// end lets the group end, because of cause, in the time that is left.
func (g *guard) end(cause error) {
	grace := g.grace
	if lost := new(wsclient.LostError); errors.As(cause, &lost) && isAway(lost) {
		grace = min(grace, lost.Left()-killTime)
	}
	g.cause = cause
	if grace <= 0 {
		_, _ = fmt.Fprintf(g.out, "brokerctl: %v; the command is killed\n", cause)
		g.child.Signal(syscall.SIGKILL)
		return
	}
	_, _ = fmt.Fprintf(g.out, "brokerctl: %v; the command is to end within %v\n", cause, grace.Round(time.Millisecond))
	g.child.Signal(syscall.SIGTERM)
	g.child.Signal(syscall.SIGCONT) // one that is stopped could not
	if until := time.Now().Add(grace); g.until.IsZero() || until.Before(g.until) {
		g.until = until
		g.kill.Reset(grace)
	}
}

// isAway reports whether the lock was lost with the connection: then the broker may
// not have noticed, and there may be time left. Else there is none, and what there
// is of it is for the command to end in order.
func isAway(lost *wsclient.LostError) bool {
	return lost.Reason == wsclient.LostConnection || lost.Reason == wsclient.LostLease
}

// verdict is how the command has ended.
func (g *guard) verdict(hadTerminal bool) error {
	status := g.child.Status()
	switch {
	case g.cause != nil:
		return &cli.Failure{Err: g.cause, Code: exitLost}
	case !status.Signaled():
		return exit(status.ExitStatus())
	case hadTerminal && status.Signal() == syscall.SIGINT:
		interruptGroup()
	}
	return exit(exitSignal + int(status.Signal()))
}

// interruptGroup is what Ctrl-C does to those who were started together with this
// process, a script for example, and would have done had the command not been alone
// in the foreground. They learn how it has ended as from any command.
func interruptGroup() {
	signal.Reset(syscall.SIGINT)
	_ = unix.Kill(0, syscall.SIGINT)
}

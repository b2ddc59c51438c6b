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

// A guard runs a command under a lock, and ends it when the lock is lost. It writes
// nothing itself: whoever reads what it says may not do so for a while, or not at all.
type guard struct {
	lock     *wsclient.Lock
	line     *line          // of the client
	signals  chan os.Signal // to pass on; those that stop and continue come in addition
	terminal *child.Terminal
	hold     time.Duration // 0: it may run as long as it likes
	grace    time.Duration
	*speaker

	cgroup      *child.Cgroup // for the command, or nil
	watchdog    *watchdog.Watchdog
	spared      child.Spared   // is the watchdog, to the child
	order       watchdog.Order // the latest for it
	unwatched   bool           // there is no watchdog any more, nor can there be another
	child       *child.Child
	cause       error       // why it was told to end, for the sake of the lock; or nil
	kill        *time.Timer // fires when it must be killed
	until       time.Time   // when that is
	interrupted bool        // at the terminal: see interruptGroup
}

// run runs the command until nobody of its group is left. The error says how the
// command has ended, where that is not well.
func (g *guard) run(spec child.Spec) error {
	if g.terminal.InForeground(unix.Getpgrp()) && isAlone() {
		spec.Terminal = g.terminal
	}
	restore := g.terminal.Save()
	g.listen()
	if !g.lock.Valid() {
		return nil // whoever releases the lock is told
	}
	g.cgroup = child.NewCgroup()
	defer g.cgroup.Leave() // whoever is left there was left there on purpose
	g.brief()
	if err := g.startWatchdog(); err != nil {
		return fmt.Errorf("cannot start the watchdog: %w", err)
	}
	var err error
	spec.Cgroup, spec.Spared = g.cgroup, &g.spared
	if g.child, err = child.Start(spec); err != nil {
		g.watchdog.Stop()
		return notExecutable(spec.Args[0], errors.Unwrap(err))
	}
	g.brief()
	g.watch()
	g.clear()
	g.terminal.TakeBack(g.child.Group())
	if spec.Terminal != nil && g.child.Status().Signaled() {
		restore()
	}
	return g.verdict(spec.Terminal != nil)
}

// clear ends whoever has left the group, if the lock is lost, which is lost to them, too. Until then the watchdog is
// there to do so. It may have ended the group before this process knew of anything.
func (g *guard) clear() {
	if g.cause != nil {
		g.child.Tree(g.watchdog.PID()).End()
	}
	if g.watchdog.Stop() && g.cause == nil {
		g.cause = g.starved()
		g.say("%v; the watchdog has ended the command", g.cause)
		g.child.Tree(0).End()
	}
}

// isAlone reports whether nobody that was started together with this process is
// likely to want the terminal: the next one in a pipeline, such as a pager.
func isAlone() bool {
	out, err := os.Stdout.Stat()
	return term.IsTerminal(int(os.Stdin.Fd())) && err == nil && out.Mode()&os.ModeNamedPipe == 0
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
		var acted, unwatched <-chan struct{}
		if !g.unwatched && g.cause == nil {
			acted = g.watchdog.Acted()
		}
		if !g.unwatched {
			unwatched = g.watchdog.Ended()
		}
		select {
		case s := <-g.signals:
			g.take(s.(syscall.Signal))
		case s := <-g.child.Stopped():
			g.suspend(s)
		case <-lost:
			lost = nil
			g.end(context.Cause(g.lock.Context()))
		case <-g.line.heard:
			g.brief()
		case <-acted:
			lost = nil
			g.end(g.starved())
		case <-unwatched:
			g.replaceWatchdog()
		case <-over:
			g.end(fmt.Errorf("--hold has passed: the command has run for %v", g.hold))
		case <-g.kill.C:
			g.killAll()
		case <-ended:
			ended, left = nil, time.After(noticeAfter)
		case <-left:
			g.note("the command has ended, but not all that it has started: the locks are held until then")
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
		g.bringForward()
	}
	g.signal(s)
}

// bringForward gives the command the terminal, if this process has it.
func (g *guard) bringForward() bool {
	if !g.terminal.InForeground(unix.Getpgrp()) {
		return false
	}
	g.terminal.Give(g.child.Group())
	return true
}

// signal says where somebody cannot be sent any: a command that has become root.
func (g *guard) signal(s syscall.Signal) {
	if err := g.child.Signal(s); err != nil {
		g.say("the command cannot be sent the signal %v: %v", s, err)
	}
}

// suspend stops this process, and those of its own group, after the command was
// stopped at the terminal, so that the shell which has started them notices. Before
// that everybody in the command's group is stopped, whatever they do about the
// signal: nobody keeps the lock for them meanwhile. Where no shell could continue
// them, and where the command only wants the terminal and can have it, it goes on at
// once.
//
// Who is stopped without a terminal, or in its background by somebody who wants to
// look at it for example, keeps the lock.
func (g *guard) suspend(s syscall.Signal) {
	wantsTerminal := s == syscall.SIGTTIN || s == syscall.SIGTTOU
	if wantsTerminal && g.bringForward() {
		g.signal(syscall.SIGCONT)
		return
	}
	foreground := g.terminal.InForeground(g.child.Group())
	if g.terminal == nil || s == syscall.SIGSTOP && !foreground {
		return
	}
	if sid, err := unix.Getsid(0); err != nil || sid == unix.Getpgrp() {
		if foreground {
			g.signal(syscall.SIGCONT)
		}
		return
	}
	g.signal(syscall.SIGSTOP)
	g.terminal.TakeBack(g.child.Group())
	g.note("stopped; the locks are lost if that lasts for more than a few seconds")
	g.flush(100 * time.Millisecond)
	g.stopGroup()
}

// stopGroup asks those who were started together with this process to stop: another
// of these has a command to stop first. This process stops for certain: once SIGTSTP
// was asked for, the runtime of Go does not let it have its effect any more.
func (g *guard) stopGroup() {
	signal.Ignore(syscall.SIGTSTP)
	_ = unix.Kill(0, syscall.SIGTSTP)
	_ = unix.Kill(unix.Getpid(), syscall.SIGSTOP)
	signal.Notify(g.signals, syscall.SIGTSTP)
}

// end lets the group end, because of cause, in the time that is left. It acts before
// it speaks.
func (g *guard) end(cause error) {
	grace := g.grace
	if lost := new(wsclient.LostError); errors.As(cause, &lost) && isAway(lost) {
		grace = min(grace, lost.Left()-killTime)
	}
	g.cause = cause
	if grace <= 0 {
		g.until = time.Now()
		g.brief()
		g.killAll()
		g.say("%v; the command is killed", cause)
		return
	}
	g.signal(syscall.SIGTERM)
	g.signal(syscall.SIGCONT) // one that is stopped could not end
	if until := time.Now().Add(grace); g.until.IsZero() || until.Before(g.until) {
		g.until = until
		g.kill.Reset(grace)
	}
	g.brief()
	g.say("%v; the command is to end within %v", cause, grace.Round(time.Millisecond))
}

// killAll kills the group, and whoever has left it where a cgroup tells who that is.
func (g *guard) killAll() {
	if g.child.IsContained() {
		g.child.Tree(g.watchdog.PID()).Kill()
		return
	}
	g.signal(syscall.SIGKILL)
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
	}
	g.interrupted = hadTerminal && status.Signal() == syscall.SIGINT
	return exit(exitSignal + int(status.Signal()))
}

// interruptGroup is what Ctrl-C does to those who were started together with this
// process, a script for example, and would have done had the command not been alone
// in the foreground. They learn how it has ended as from any command.
func interruptGroup() {
	signal.Reset(syscall.SIGINT)
	_ = unix.Kill(0, syscall.SIGINT)
	<-time.After(time.Second) // for it to have its effect on this process, too
}

//go:build unix

package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// forward forwards a signal to the command. It drops SIGCONT once the lock is lost: a stopped
// command must not continue without the lock. It also drops a repetition of one of the endSignals.
func (g *guard) forward(s syscall.Signal) {
	if slices.Contains(endSignals, os.Signal(s)) && !g.noteEndSignal(s, time.Now()) {
		return
	}
	if s == syscall.SIGCONT {
		if !g.lock.Valid() {
			return
		}
		g.giveTerminal()
	}
	g.sendSignal(s)
}

// noteEndSignal notes one of the endSignals. It returns false if the same one was forwarded less than cli.SameSignal
// ago. The first Ctrl-C that reaches this process says what a second one does. If the command is in the foreground of
// the terminal, Ctrl-C reaches only the command.
func (g *guard) noteEndSignal(s syscall.Signal, now time.Time) bool {
	last, again := g.forwarded[s]
	if again && now.Sub(last) < cli.SameSignal {
		return false
	}
	if g.forwarded == nil {
		g.forwarded = make(map[syscall.Signal]time.Time)
	}
	g.forwarded[s] = now
	g.asked = g.asked || s != syscall.SIGHUP // Many programs read their configuration again on HUP.
	if s == syscall.SIGINT && !again && screen.Terminal(os.Stderr) != nil {
		const text = "sent INT to the command; the locks are held until it ends; " +
			"after %v, another Ctrl-C sends INT again"
		g.note(text, cli.SameSignal)
	}
	return true
}

// giveTerminal gives the terminal to the command if this process has it, and reports whether it did.
func (g *guard) giveTerminal() bool {
	if !g.terminal.InForeground(unix.Getpgrp()) {
		return false
	}
	g.terminal.Give(g.child.Group())
	return true
}

// sendSignal sends a signal to the group. It warns if that is not permitted, as for a command that has become root.
func (g *guard) sendSignal(s syscall.Signal) {
	if err := g.child.Signal(s); err != nil {
		g.warn("cannot send the signal %v to the command: %v", s, err)
	}
}

// suspend stops the group of this process after the command was stopped at the terminal, so that the shell notices.
// Before that it stops the whole group of the command, so that nothing there runs when the lock is lost.
//
// The command continues at once if no shell could continue it, or if it only wants the terminal and can have it. A
// command that was stopped without a terminal, or in the background, as by a debugger, keeps the lock.
func (g *guard) suspend(s syscall.Signal) {
	needsTerminal := s == syscall.SIGTTIN || s == syscall.SIGTTOU
	if needsTerminal && g.giveTerminal() {
		g.sendSignal(syscall.SIGCONT)
		return
	}
	foreground := g.terminal.InForeground(g.child.Group())
	if g.terminal == nil || s == syscall.SIGSTOP && !foreground {
		return
	}
	if sid, err := unix.Getsid(0); err != nil || sid == unix.Getpgrp() {
		if foreground {
			g.sendSignal(syscall.SIGCONT)
		}
		return
	}
	g.sendSignal(syscall.SIGSTOP)
	g.terminal.TakeBack(g.child.Group())
	g.noteStopped()
	g.flush(100 * time.Millisecond)
	g.stopGroup()
}

// noteStopped says what happens to the locks while this process is stopped.
func (g *guard) noteStopped() {
	g.note("stopped; the locks are lost unless it continues within a few seconds")
}

// stopGroup stops the process group of this process. The others get SIGTSTP, because another brokerctl among them
// must stop its command first. This process gets SIGSTOP: SIGTSTP has no effect in Go once a program has passed it to
// os/signal.
func (g *guard) stopGroup() {
	signal.Ignore(syscall.SIGTSTP)
	_ = unix.Kill(0, syscall.SIGTSTP)
	_ = unix.Kill(unix.Getpid(), syscall.SIGSTOP)
	signal.Notify(g.signals, syscall.SIGTSTP)
}

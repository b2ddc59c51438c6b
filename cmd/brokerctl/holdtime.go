//go:build unix

package main

import (
	"context"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// runAndRelease runs the command, holds the locks for at least the time of --hold-at-least, and releases them.
func (g *guard) runAndRelease(client *wsclient.Client, spec child.Spec) error {
	err := g.run(spec)
	hasHeldOn := g.mustHoldOn() && g.holdOn()
	lost := release(client, g.lock, g.signals)
	if lost != nil && hasHeldOn { // The command was not in danger.
		g.note("%v; the command had ended before", lost)
		lost = nil
	}
	g.flush(time.Second)
	g.stop()
	if g.interrupted {
		interruptGroup()
	}
	if lost != nil {
		return &cli.Failure{Err: lost, Code: exitLost}
	}
	return err
}

// mustHoldOn reports whether the command has run, and nothing has asked it to end: no signal and no lost lock.
func (g *guard) mustHoldOn() bool {
	if g.child == nil || g.cause != nil || g.asked {
		return false
	}
	status := g.child.Status()
	return !status.Signaled() || !slices.Contains(endSignals, os.Signal(status.Signal()))
}

// holdOn holds the locks until the time of --hold-at-least has passed since the grant, unless a signal comes or the
// locks are lost. It returns false if the time had already passed.
func (g *guard) holdOn() bool {
	left := g.holdAtLeast - time.Since(g.granted)
	if left <= 0 {
		return false
	}
	if left > reportDelay {
		g.note("the command has ended; the locks are held for another %s; Ctrl-C or TERM releases them now",
			listing.Age(left))
	}
	over := time.After(left)
	for {
		select {
		case <-over:
			return true
		case <-g.lock.Context().Done():
			return true
		case s := <-g.signals:
			switch {
			case slices.Contains(endSignals, s):
				g.note("%v: released %s after the grant, before --hold-at-least %v", s,
					listing.Age(time.Since(g.granted)), g.holdAtLeast)
				return true
			case s == syscall.SIGTSTP, s == syscall.SIGTTIN:
				g.stopSelf()
			}
		}
	}
}

// stopSelf stops this process as SIGTSTP does by default. That has no effect in Go once a program has passed it to
// os/signal. Without a shell that could continue it, this process does not stop.
func (g *guard) stopSelf() {
	if sid, err := unix.Getsid(0); err == nil && sid != unix.Getpgrp() {
		g.noteStopped()
		g.flush(100 * time.Millisecond)
		_ = unix.Kill(unix.Getpid(), syscall.SIGSTOP)
	}
}

// release releases the lock. One of the endSignals ends the wait for the broker's answer:
// closing the client also releases the lock.
func release(client *wsclient.Client, lock *wsclient.Lock, signals <-chan os.Signal) error {
	ctx, stop := untilEndSignal(signals)
	stopClosing := context.AfterFunc(ctx, func() { _ = client.Close() })
	err := lock.Release()
	stopClosing()
	if stop() != nil {
		return nil
	}
	_ = client.Close()
	return err
}

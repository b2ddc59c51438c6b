//go:build unix

package screen

import (
	"os"
	"os/signal"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// HeedStops lets a program that has the terminal give it back before SIGTSTP stops this process, and take it when that
// goes on. Where no shell could let it go on, it does not stop. The function that it returns ends this.
func HeedStops(program *tea.Program) (end func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTSTP)
	go func() {
		defer close(done)
		// The program suspends itself by one more SIGTSTP, to the whole process group. It has no effect on this process
		// once os/signal was asked for it, but SIGSTOP has.
		released := false
		for range signals {
			switch {
			case isOnItsOwn():
			case !released:
				released = true
				program.Send(tea.SuspendMsg{})
			default:
				released = false
				_ = unix.Kill(unix.Getpid(), unix.SIGSTOP)
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}

// Stop is what Ctrl-Z does where the terminal passes it on as a key.
func Stop() tea.Msg {
	_ = unix.Kill(unix.Getpid(), unix.SIGTSTP)
	return nil
}

// isOnItsOwn reports whether this process leads its session: nobody controls its jobs.
func isOnItsOwn() bool {
	session, err := unix.Getsid(0)
	return err != nil || session == unix.Getpgrp()
}

//go:build unix

package screen

import (
	"os"
	"os/signal"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// HeedStops restores the terminal before SIGTSTP stops this process, and takes the terminal again when the process
// continues. If no shell could continue the process, it does not stop. The caller must call end when the program has
// ended.
func HeedStops(program *tea.Program) (end func()) {
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGTSTP)
	go func() {
		defer close(done)
		// The program suspends itself by a second SIGTSTP to the whole process group. That does not stop this
		// process, because os/signal handles the signal. So this process gets SIGSTOP.
		released := false
		for range signals {
			switch {
			case isSessionLeader():
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

// Stop does what Ctrl-Z does, for a terminal in raw mode.
func Stop() tea.Msg {
	_ = unix.Kill(unix.Getpid(), unix.SIGTSTP)
	return nil
}

// isSessionLeader reports whether this process leads its session, so that no shell controls it as a job.
func isSessionLeader() bool {
	session, err := unix.Getsid(0)
	return err != nil || session == unix.Getpgrp()
}

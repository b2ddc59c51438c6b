//go:build unix

package child

import (
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// A Terminal is the controlling terminal of this process. One process group at a time is in its foreground:
// that group can read from it, and gets the signals of its keys.
type Terminal struct{ file *os.File }

// OpenTerminal returns the controlling terminal, or nil if there is none. All methods except Give may be called
// on nil.
func OpenTerminal() *Terminal {
	file, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	return &Terminal{file}
}

// Close closes the file. It does not change the terminal.
func (t *Terminal) Close() {
	if t != nil {
		_ = t.file.Close()
	}
}

// Save returns a function that restores the current mode of the terminal.
func (t *Terminal) Save() (restore func()) {
	if t == nil {
		return func() {}
	}
	state, err := term.GetState(t.fd())
	return func() {
		if err == nil {
			_ = term.Restore(t.fd(), state)
		}
	}
}

func (t *Terminal) fd() int { return int(t.file.Fd()) }

// InForeground reports whether a process group is in the foreground.
func (t *Terminal) InForeground(group int) bool {
	if t == nil {
		return false
	}
	there, err := unix.IoctlGetInt(t.fd(), unix.TIOCGPGRP)
	return err == nil && there == group
}

// Give brings a process group to the foreground. Before [Start], this process must be in the foreground itself:
// the system stops a background process that calls Give, unless it ignores SIGTTOU.
func (t *Terminal) Give(group int) {
	_ = unix.IoctlSetPointerInt(t.fd(), unix.TIOCSPGRP, group)
}

// TakeBack brings this process to the foreground if group is there, or if the group there has no processes, as
// after a job of a shell was killed.
func (t *Terminal) TakeBack(group int) {
	if t == nil {
		return
	}
	there, err := unix.IoctlGetInt(t.fd(), unix.TIOCGPGRP)
	if err == nil && (there == group || unix.Kill(-there, 0) == unix.ESRCH) {
		t.Give(unix.Getpgrp())
	}
}

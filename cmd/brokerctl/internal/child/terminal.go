//go:build unix

package child

import (
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// A Terminal is the one that controls this process. One process group at a time is
// in its foreground: that reads from it, and gets the signals of its keys.
type Terminal struct{ file *os.File }

// OpenTerminal returns nil where there is none. Its methods may be called on nil,
// but for Give.
func OpenTerminal() *Terminal {
	file, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	return &Terminal{file}
}

// Close leaves it alone.
func (t *Terminal) Close() {
	if t != nil {
		_ = t.file.Close()
	}
}

// Save returns what puts the terminal back into the mode that it is in.
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

// InForeground reports whether that process group is in the foreground.
func (t *Terminal) InForeground(group int) bool {
	if t == nil {
		return false
	}
	there, err := unix.IoctlGetInt(t.fd(), unix.TIOCGPGRP)
	return err == nil && there == group
}

// Give brings a process group to the foreground. Before Start this process must be
// there itself: who does so from the background is stopped, unless it ignores that.
func (t *Terminal) Give(group int) {
	_ = unix.IoctlSetPointerInt(t.fd(), unix.TIOCSPGRP, group)
}

// TakeBack brings this process to the foreground if that group is there, or nobody: a
// job of a shell that was killed.
func (t *Terminal) TakeBack(group int) {
	if t == nil {
		return
	}
	there, err := unix.IoctlGetInt(t.fd(), unix.TIOCGPGRP)
	if err == nil && (there == group || unix.Kill(-there, 0) == unix.ESRCH) {
		t.Give(unix.Getpgrp())
	}
}

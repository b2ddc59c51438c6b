package service

import (
	"errors"
	"fmt"
	"io"
)

// A Manager installs and controls the service. Create one with New.
type Manager struct {
	Options
	out io.Writer
}

// New returns a manager that writes what it does to out, one line for each change.
func New(o Options, out io.Writer) *Manager { return &Manager{Options: o, out: out} }

// ErrNotInstalled is returned if there is no such service.
var ErrNotInstalled = errors.New("brokerd is not installed as a service")

// ErrInactive is returned by Status if the service does not run.
var ErrInactive = errors.New("the service does not run")

// say reports a change.
func (m *Manager) say(format string, args ...any) error {
	_, err := fmt.Fprintf(m.out, format+"\n", args...)
	return err
}

//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// Exit codes of "run", as shells use them.
const (
	exitNotExecutable = 126
	exitNoCommand     = 127
	exitSignal        = 128 // plus the number of the signal
)

// exit returns a failure that ends the process with code and prints no message. It returns nil for 0.
func exit(code int) error {
	if code == 0 {
		return nil
	}
	return &cli.Failure{Code: code}
}

// lookUp finds a program in PATH as a shell does. It knows no shell builtins.
func lookUp(name string) (string, error) {
	path, err := exec.LookPath(name)
	switch {
	case err == nil, errors.Is(err, exec.ErrDot): // A user with "." in PATH wants the current directory.
		return path, nil
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", &cli.Failure{
			Err:  fmt.Errorf("no such command: %s", printable.Text(name)),
			Code: exitNoCommand,
		}
	}
	return "", notExecutable(name, errors.Unwrap(err))
}

func notExecutable(name string, err error) error {
	return &cli.Failure{
		Err:  fmt.Errorf("cannot execute %s: %w", printable.Text(name), err),
		Code: exitNotExecutable,
	}
}

// replaceProcess replaces this process with the command. The command stays in the process group of this process.
// The enclosing run waits for that group and sends its signals to it.
func replaceProcess(path string, command commandLine, environment []string, signals chan os.Signal) error {
	if s := stopNotify(signals); s != nil {
		return exit(exitSignal + int(s.(syscall.Signal)))
	}
	err := syscall.Exec(path, command, environment)
	return notExecutable(command[0], err)
}

// stopNotify restores the default action of all signals. If one of the endSignals arrived earlier, stopNotify returns
// it. Reset alone could lose a signal between the runtime and the channel; Stop waits until such a signal is in the
// channel.
func stopNotify(signals chan os.Signal) os.Signal {
	signal.Stop(signals)
	signal.Reset()
	for len(signals) > 0 {
		if s := <-signals; slices.Contains(endSignals, s) {
			return s
		}
	}
	return nil
}

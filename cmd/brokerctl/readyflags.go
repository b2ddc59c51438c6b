package main

import (
	"fmt"
	"os"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// readyFlags are the flags with which "lock" says to a script that the lock is held.
type readyFlags struct {
	ReadyFile string `name:"ready-file" placeholder:"FILE" help:"When the lock is held, create this file. Its first line is the fencing token. It is removed before the lock is released, and when the lock is lost. Two commands cannot use the same file."`
	ReadyFD   *int   `name:"ready-fd" placeholder:"N" help:"When the lock is held, write a line with the fencing token to this file descriptor, 3 or more. It is closed when the lock is no longer held."`
}

// A readiness says to a script that the lock is held, and that it no longer is.
type readiness struct {
	file       *readyFile // or nil
	descriptor *os.File   // or nil
}

// open prepares what the flags name. It fails if that cannot be used.
func (f *readyFlags) open() (ready *readiness, err error) {
	ready = &readiness{}
	if f.ReadyFD != nil {
		if ready.descriptor, err = openDescriptor(*f.ReadyFD); err != nil {
			return nil, f.usage("--ready-fd", err)
		}
	}
	if f.ReadyFile != "" {
		if ready.file, err = newReadyFile(f.ReadyFile); err != nil {
			return nil, f.usage("--ready-file", err)
		}
	}
	return ready, nil
}

func (*readyFlags) usage(flag string, err error) error {
	err = fmt.Errorf("%s: %w", flag, err)
	return &cli.Failure{Err: err, Hint: "see brokerctl lock --help", Code: cli.ExitUsage}
}

// create creates the file: the lock is held, with this fencing token.
func (r *readiness) create(token int64) error {
	if r.file == nil {
		return nil
	}
	if err := r.file.create(token); err != nil {
		return fmt.Errorf("--ready-file: %w", err)
	}
	return nil
}

// write writes the token to the descriptor. It may block.
func (r *readiness) write(token int64) error {
	if r.descriptor == nil {
		return nil
	}
	if _, err := fmt.Fprintln(r.descriptor, token); err != nil {
		return fmt.Errorf("--ready-fd: %w", err)
	}
	return nil
}

// withdraw says that the lock is no longer held.
func (r *readiness) withdraw() error {
	if r.descriptor != nil {
		_ = r.descriptor.Close()
	}
	if r.file != nil {
		if err := r.file.remove(); err != nil {
			return fmt.Errorf("--ready-file: %w", err)
		}
	}
	return nil
}

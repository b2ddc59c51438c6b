//go:build !unix

package main

import (
	"errors"
	"os"
)

var errNotHere = errors.New("not supported on this system")

// openDescriptor refuses all descriptors, because they are not inherited here.
func openDescriptor(int) (*os.File, error) { return nil, errNotHere }

// A readyFile cannot be created here, because a file that is open cannot be removed.
type readyFile struct{}

func newReadyFile(string) (*readyFile, error) { return nil, errNotHere }

func (*readyFile) create(int64) error { return errNotHere }

func (*readyFile) remove() error { return nil }

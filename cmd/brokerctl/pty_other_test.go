//go:build !linux

package main

import (
	"errors"
	"os"
	"os/exec"
)

func startInTerminal(*exec.Cmd, uint16, uint16) (*os.File, error) {
	return nil, errors.ErrUnsupported
}

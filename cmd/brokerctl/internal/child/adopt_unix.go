//go:build unix && !linux

package child

import "syscall"

// adopt does nothing: the system has no such calls.
func adopt(*syscall.SysProcAttr) {}

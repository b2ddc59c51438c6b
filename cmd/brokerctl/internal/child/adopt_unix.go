//go:build unix && !linux

package child

import "syscall"

// adopt can arrange nothing here.
func adopt(*syscall.SysProcAttr) {}

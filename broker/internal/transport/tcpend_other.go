//go:build !linux

package transport

import "syscall"

// receivedFIN cannot tell on this system.
func receivedFIN(syscall.RawConn) (received, known bool) { return false, false }

//go:build !linux

package transport

import "syscall"

// receivedFIN does not know.
func receivedFIN(syscall.RawConn) (received, known bool) { return false, false }

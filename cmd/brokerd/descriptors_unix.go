//go:build unix

package main

import "syscall"

// descriptorLimit returns how many file descriptors the process may have. The Go runtime has already raised the soft
// limit to the hard limit.
func descriptorLimit() (limit uint64, known bool) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return 0, false
	}
	return uint64(files.Cur), true //nolint:unconvert // int64 on some systems
}

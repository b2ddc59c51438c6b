//go:build darwin || freebsd || netbsd

package statedir

import "syscall"

// born returns the creation time of a file, in nanoseconds since 1970, or 0 if it is unknown.
func born(path string) int64 {
	var stat syscall.Stat_t
	if syscall.Lstat(path, &stat) != nil {
		return 0
	}
	return syscall.TimespecToNsec(stat.Birthtimespec)
}

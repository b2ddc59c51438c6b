//go:build darwin || freebsd || netbsd

package statedir

import "syscall"

// born asks the file system.
func born(path string) int64 {
	var stat syscall.Stat_t
	if syscall.Lstat(path, &stat) != nil {
		return 0
	}
	return syscall.TimespecToNsec(stat.Birthtimespec)
}

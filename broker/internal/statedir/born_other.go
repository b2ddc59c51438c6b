//go:build !linux && !darwin && !freebsd && !netbsd

package statedir

// born returns 0: the creation time is unknown. Windows records one, but a new file may get the
// creation time of the file that it replaces.
func born(string) int64 { return 0 }

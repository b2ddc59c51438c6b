package statedir

import "golang.org/x/sys/unix"

// born returns the creation time of a file, in nanoseconds since 1970, or 0 if it is unknown. ext4,
// XFS, Btrfs, ZFS and tmpfs record it; other file systems may not.
func born(path string) int64 {
	var stat unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BTIME, &stat)
	if err != nil || stat.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return stat.Btime.Sec*1e9 + int64(stat.Btime.Nsec)
}

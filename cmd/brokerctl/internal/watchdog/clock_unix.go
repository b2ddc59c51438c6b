//go:build unix && !linux && !netbsd

package watchdog

import "golang.org/x/sys/unix"

const clock = unix.CLOCK_MONOTONIC

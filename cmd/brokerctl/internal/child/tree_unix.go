//go:build unix && !linux

package child

import "golang.org/x/sys/unix"

// adopted can find nobody here.
func (Tree) adopted() []int { return nil }

// isAlive reports whether somebody of the group lives, or has ended and nobody has waited for that yet.
func isAlive(group int) bool { return group != 0 && unix.Kill(-group, 0) != unix.ESRCH }

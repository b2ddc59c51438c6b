//go:build unix && !linux

package child

import (
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// adopted can find nobody here.
func (Tree) adopted() []int { return nil }

// isAlive reports whether somebody of the group lives, or has ended and nobody has waited for that yet.
func isAlive(group int) bool { return group != 0 && unix.Kill(-group, 0) != unix.ESRCH }

// ParentOf is the parent of a process that lives, else 0. POSIX has no call that tells, but this program.
func ParentOf(pid int) int {
	out, _ := exec.Command("ps", "-o", "ppid=", "-p", strconv.Itoa(pid)).Output()
	parent, _ := strconv.Atoi(strings.TrimSpace(string(out)))
	return parent
}

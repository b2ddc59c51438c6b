//go:build unix && !linux

package child

import (
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// adopted returns nil: the system does not report such processes.
func (Tree) adopted() []int { return nil }

// isAlive reports whether the group has a process that is alive or a zombie.
func isAlive(group int) bool { return group != 0 && unix.Kill(-group, 0) != unix.ESRCH }

// ParentOf returns the parent of a live process, or 0. POSIX has no call for other processes, but it has ps.
func ParentOf(pid int) int {
	out, _ := exec.Command("ps", "-o", "ppid=", "-p", strconv.Itoa(pid)).Output()
	parent, _ := strconv.Atoi(strings.TrimSpace(string(out)))
	return parent
}

package child

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// adopted returns the children of Parent that belong to the tree, without those that this process may not signal, such
// as a daemon of sudo. End would wait for these until they end by themselves. adopted looks at all processes, because
// not every kernel lists the children of a process.
func (t Tree) adopted() (pids []int) {
	if t.Parent == 0 {
		return nil
	}
	for _, p := range processes() {
		if p.parent == t.Parent && p.pid != t.Sibling && !p.isDead && unix.Kill(p.pid, 0) != unix.EPERM {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// isAlive reports whether a process of the group is alive. kill(2) alone does not show that, because it succeeds for
// zombies, which remain until their parent has waited for them.
func isAlive(group int) bool {
	if group == 0 || unix.Kill(-group, 0) == unix.ESRCH {
		return false
	}
	dead := false
	for _, p := range processes() {
		if p.group == group {
			if !p.isDead {
				return true
			}
			dead = true
		}
	}
	return !dead // If /proc shows none of them, they may be alive.
}

// A process is an entry of /proc.
type process struct {
	pid, parent, group int
	isDead             bool
}

func processes() (found []process) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, ok := readProcess(pid); ok { // Otherwise the process has just ended.
			found = append(found, p)
		}
	}
	return found
}

func readProcess(pid int) (p process, ok bool) {
	// PID (NAME) STATE PARENT GROUP ...; the name may contain any characters.
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 18 {
		return p, false
	}
	p.pid = pid
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	// The first thread of a process may end before the others.
	threads, _ := strconv.Atoi(fields[17])
	p.isDead = fields[0] == "X" || fields[0] == "Z" && threads <= 1
	return p, true
}

// ParentOf returns the parent of a live process, or 0.
func ParentOf(pid int) int {
	p, _ := readProcess(pid)
	if p.isDead {
		return 0
	}
	return p.parent
}

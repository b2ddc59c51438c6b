package child

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// adopted looks at all processes: the list of the children of a process is not in every kernel.
func (t Tree) adopted() (pids []int) {
	if t.Parent == 0 {
		return nil
	}
	for _, p := range processes() {
		if p.parent == t.Parent && p.pid != t.Spared && !p.isDead {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// isAlive reports whether somebody of the group lives. The parent of those who have ended may be stopped, or may not
// care: they stay in the list of processes, and signals to them succeed.
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
	return !dead // whom /proc does not show may be alive
}

// A process is one in /proc.
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
		if p, ok := readProcess(pid); ok { // else it has ended meanwhile
			found = append(found, p)
		}
	}
	return found
}

func readProcess(pid int) (p process, ok bool) {
	// PID (NAME) STATE PARENT GROUP ..., where the name may be anything.
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 18 {
		return p, false
	}
	p.pid = pid
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	// The first thread of a process can have ended before the others.
	threads, _ := strconv.Atoi(fields[17])
	p.isDead = fields[0] == "X" || fields[0] == "Z" && threads <= 1
	return p, true
}

// ParentOf is the parent of a process that lives, else 0.
func ParentOf(pid int) int {
	p, _ := readProcess(pid)
	if p.isDead {
		return 0
	}
	return p.parent
}

package child

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// KillRest kills those who have left the group of a child and whose parents have
// ended, until nobody is left. They have become children of this process.
func KillRest() {
	for hasChildren() {
		for _, pid := range children() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // nothing tells of new ones
	}
}

// hasChildren buries those who have ended, and reports whether others are left.
func hasChildren() bool {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return false
		case pid == 0:
			return true
		}
	}
}

// children looks at all processes: the list of the children of a process is not in
// every kernel.
func children() (pids []int) {
	me := strconv.Itoa(os.Getpid())
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// PID (NAME) STATE PARENT ..., where the name may be anything.
		stat, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == me {
			pids = append(pids, pid)
		}
	}
	return pids
}

package child

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// adopt makes the kernel kill the child when its parent ends. It also makes this process the parent of descendants of
// the command whose own parent has ended.
func adopt(attributes *syscall.SysProcAttr) {
	attributes.Pdeathsig = syscall.SIGKILL
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // Linux 3.4 and later have this.
}

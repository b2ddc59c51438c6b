package child

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// adopt arranges that the child is killed when its parent ends, and that the
// children of those in the group who end become children of this process.
func adopt(attributes *syscall.SysProcAttr) {
	attributes.Pdeathsig = syscall.SIGKILL
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // since Linux 3.4; else as elsewhere
}

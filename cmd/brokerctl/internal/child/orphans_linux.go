package child

import (
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// buryOrphans collects the exit status of orphans as soon as they end, until the group is empty. Orphans are children
// of this process because of adopt. A process that has ended counts against the limit on processes until its status
// is collected, and that limit may be low. The leader and the sibling are left to the goroutines that wait for them.
// The channel gets SIGCHLD.
func (c *Child) buryOrphans(ended chan os.Signal) {
	defer signal.Stop(ended)
	for {
		var again <-chan time.Time
		if c.buryEnded() {
			again = time.After(time.Millisecond) // No event reports that its status has been collected.
		}
		select {
		case <-ended:
		case <-again:
		case <-c.empty:
			c.buryEnded()
			return
		}
	}
}

// buryEnded collects the exit status of orphans that have ended. It reports whether it found the leader or the
// sibling. These hide later children until their own status has been collected.
func (c *Child) buryEnded() (hidden bool) {
	for {
		pid := endedChild()
		if pid == 0 {
			return false
		}
		if pid == c.pid && !c.hasEnded() {
			return true
		}
		bury := func() { _, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil) }
		if c.sibling.unless(pid, bury) {
			return true
		}
	}
}

// endedChild returns the process id of a child of this process that has ended and whose status was not
// collected, or 0.
func endedChild() int {
	// The layout of siginfo_t for waitid(2). The part after the first three integers is aligned as a pointer.
	var info struct {
		_     [3]int32
		child struct {
			_   [0]uintptr
			pid int32
		}
		_ [128]byte // at least the size of siginfo_t
	}
	for {
		siginfo := (*unix.Siginfo)(unsafe.Pointer(&info))
		err := unix.Waitid(unix.P_ALL, 0, siginfo, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		switch err {
		case unix.EINTR:
		case nil:
			return int(info.child.pid)
		default: // There are no children.
			return 0
		}
	}
}

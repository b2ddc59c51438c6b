package child

import (
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// buryOrphans waits for the orphans that adopt has made children of this process, each as soon as it ends, until
// the group is empty. A process that has ended and that nobody has waited for counts against the limit of
// processes, which may be low. The leader and the spared process are left to those who wait for them. The channel
// gets SIGCHLD.
func (c *Child) buryOrphans(ended chan os.Signal) {
	defer signal.Stop(ended)
	for {
		var again <-chan time.Time
		if c.buryEnded() {
			again = time.After(time.Millisecond) // nothing tells when its status was taken
		}
		select {
		case <-ended:
		case <-again:
		case <-c.gone:
			c.buryEnded()
			return
		}
	}
}

// buryEnded waits for the orphans that have ended. It reports whether it had to stop at the leader or the spared
// process, which hides those that have ended after it until its own status was taken.
func (c *Child) buryEnded() (hindered bool) {
	for {
		pid := endedChild()
		if pid == 0 {
			return false
		}
		if pid == c.pid && !c.hasEnded() {
			return true
		}
		bury := func() { _, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil) }
		if c.spared.unless(pid, bury) {
			return true
		}
	}
}

// endedChild returns the id of a child of this process that has ended and that nobody has waited for, or 0.
func endedChild() int {
	// siginfo_t as waitid(2) fills it in. What follows the first three is aligned as a pointer.
	var info struct {
		_     [3]int32
		child struct {
			_   [0]uintptr
			pid int32
		}
		_ [128]byte // more than there is
	}
	for {
		siginfo := (*unix.Siginfo)(unsafe.Pointer(&info))
		err := unix.Waitid(unix.P_ALL, 0, siginfo, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		switch err {
		case unix.EINTR:
		case nil:
			return int(info.child.pid)
		default: // it has no children
			return 0
		}
	}
}

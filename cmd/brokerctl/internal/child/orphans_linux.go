package child

import (
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// buryOrphans waits for those whom adopt has made children of this process, as soon as they end, until nobody is left in
// the group: until then each takes a place in the table of processes, of which there may be few. It takes nobody's status
// who is waited for elsewhere: the leader, and the one who is spared. The channel gets SIGCHLD.
func (c *Child) buryOrphans(ended chan os.Signal) {
	defer signal.Stop(ended)
	for {
		var again <-chan time.Time
		if c.buryEnded() {
			again = time.After(time.Millisecond) // nothing tells when the other one has waited
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

// buryEnded waits for orphans that have ended. It reports whether it had to stop at somebody for whom others wait:
// whoever has ended after that one cannot be seen yet.
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

// endedChild is a child of this process that has ended, and for which nobody has waited; 0: there is none.
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
		err := unix.Waitid(unix.P_ALL, 0, (*unix.Siginfo)(unsafe.Pointer(&info)), unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		switch err {
		case unix.EINTR:
		case nil:
			return int(info.child.pid)
		default: // it has no children
			return 0
		}
	}
}

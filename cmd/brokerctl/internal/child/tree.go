//go:build unix

package child

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Tree identifies all processes that a command has started, as far as the system knows them.
type Tree struct {
	Group  int     // the process group of the command; 0: none
	Cgroup *Cgroup // contains all of them; nil: there is none
	// Parent is used on Linux without a cgroup: processes that have left the group and lost their parents
	// are its children. Sibling is the one child of Parent that does not belong to the tree. 0 means none.
	Parent, Sibling int
}

// Tree returns the tree of the command. Sibling is the process id of the one child of this process outside the
// tree, or 0.
func (c *Child) Tree(sibling int) Tree {
	t := Tree{Group: c.Group(), Cgroup: c.cgroup}
	if t.Cgroup == nil {
		t.Parent, t.Sibling = os.Getpid(), sibling
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isGone { // Another group may have the number now.
		t.Group = 0
	}
	return t
}

// Signal sends a signal to the group.
func (t Tree) Signal(signal syscall.Signal) {
	if t.Group > 0 {
		_ = unix.Kill(-t.Group, signal)
	}
}

// Kill sends KILL to all processes of the tree.
func (t Tree) Kill() {
	t.Signal(syscall.SIGKILL)
	t.Cgroup.kill()
	for _, pid := range t.adopted() {
		_ = unix.Kill(pid, syscall.SIGKILL)
	}
}

// IsGone reports whether no process of the tree is alive. A zombie is not alive.
func (t Tree) IsGone() bool {
	return !isAlive(t.Group) && t.Cgroup.isEmpty() && len(t.adopted()) == 0
}

// End kills the processes of the tree until none is alive. No event reports new processes, so it polls, at growing
// intervals if some cannot be killed.
func (t Tree) End() {
	for pause := time.Millisecond; !t.IsGone(); pause = min(2*pause, 100*time.Millisecond) {
		t.Kill()
		time.Sleep(pause) //nolint:forbidigo // see above
	}
}

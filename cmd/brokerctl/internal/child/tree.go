//go:build unix

package child

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Tree is everybody whom a command has started, as far as the system can tell.
type Tree struct {
	Group  int     // its process group; 0: none
	Cgroup *Cgroup // holds all of them, wherever they have gone; nil: there is none
	// Parent is, without a cgroup, whose children on Linux are those who have left the group and have lost their
	// parents; Spared is the one child of Parent that is none of them. 0: nobody.
	Parent, Spared int
}

// Tree is what c has started. The process spared is none of it, although it is a child of this one.
func (c *Child) Tree(spared int) Tree {
	t := Tree{Group: c.Group(), Cgroup: c.cgroup}
	if t.Cgroup == nil {
		t.Parent, t.Spared = os.Getpid(), spared
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isGone { // the number may be another's by now
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

// Kill sends KILL to all of it.
func (t Tree) Kill() {
	t.Signal(syscall.SIGKILL)
	t.Cgroup.kill()
	for _, pid := range t.adopted() {
		_ = unix.Kill(pid, syscall.SIGKILL)
	}
}

// IsGone reports whether nobody of it is alive. One that nobody has waited for yet is dead.
func (t Tree) IsGone() bool {
	return !isAlive(t.Group) && t.Cgroup.isEmpty() && len(t.adopted()) == 0
}

// End kills all of it, until nobody is alive. Nothing tells of new ones, so it looks again and again, and less often
// when somebody cannot be killed.
func (t Tree) End() {
	for pause := time.Millisecond; !t.IsGone(); pause = min(2*pause, 100*time.Millisecond) {
		t.Kill()
		time.Sleep(pause) //nolint:forbidigo // see above
	}
}

//go:build unix

package child

import (
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// daemon is a script that starts a process outside its group, and reads from the fifo.
const daemon = `(setsid sh -c 'read x < "$0"' "$1" &) ; exit 0`

// A daemon ends with the tree, whether it is in a cgroup or a child of this process.
func TestEndOfDaemon(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system does not report processes that have left the group")
	}
	needs.Program(t, "setsid")
	for name, cgroup := range map[string]*Cgroup{"adopted": nil, "cgroup": NewCgroup()} {
		t.Run(name, func(t *testing.T) {
			if name == "cgroup" && cgroup == nil {
				t.Skip("no cgroup v2, or no right to make a cgroup")
			}
			defer cgroup.Remove()
			c, fifo := startIn(t, daemon, cgroup)
			file := open(t, fifo)
			defer func() { _ = file.Close() }()
			await(t, c.Gone())
			tree := c.Tree(0)
			if tree.IsGone() {
				t.Fatal("IsGone is true while the daemon is alive")
			}
			tree.End()
			if _, err := file.WriteString("x"); err == nil {
				t.Error("the daemon is still alive")
			}
		})
	}
}

// A zombie does not count as alive.
func TestDeadIsGone(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("zombies cannot be told from live processes on this system")
	}
	process, err := os.StartProcess("/bin/sh", []string{"sh", "-c", "exit 0"},
		&os.ProcAttr{Sys: &syscall.SysProcAttr{Setpgid: true}})
	if err != nil {
		t.Fatal(err)
	}
	tree := Tree{Group: process.Pid}
	tree.End()
	if err := syscall.Kill(-process.Pid, 0); err != nil {
		t.Errorf("the zombie is gone: %v", err)
	}
	_, _ = process.Wait()
}

// Leave moves processes to the cgroup above.
func TestLeaveCgroup(t *testing.T) {
	cgroup := NewCgroup()
	if cgroup == nil {
		t.Skip("no cgroup v2, or no right to make a cgroup")
	}
	c, fifo := startIn(t, `read x < "$1"`, cgroup)
	file := open(t, fifo)
	defer func() { _ = file.Close() }()
	if !c.IsContained() {
		t.Fatal("the command is not in its cgroup")
	}
	cgroup.Leave()
	if _, err := os.Stat(cgroup.Path()); !os.IsNotExist(err) {
		t.Errorf("the cgroup still exists: %v", err)
	}
	if err := syscall.Kill(c.Group(), 0); err != nil {
		t.Error(err)
	}
	_ = file.Close()
	await(t, c.Gone())
}

// A command starts without its cgroup if that is gone or accepts no processes.
func TestNoCgroup(t *testing.T) {
	c, _ := startIn(t, "exit 3", OpenCgroup("/nowhere"))
	await(t, c.Gone())
	if status := c.Status(); status.ExitStatus() != 3 || c.IsContained() {
		t.Errorf("%v, contained %t", status, c.IsContained())
	}
}

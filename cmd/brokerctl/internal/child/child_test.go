//go:build unix

package child

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// start runs a shell script. $1 is a fifo that it can read. The test must open it for writing.
func start(t *testing.T, script string) (*Child, string) {
	t.Helper()
	return startIn(t, script, nil)
}

// startIn does the same as start, but in a cgroup.
func startIn(t *testing.T, script string, cgroup *Cgroup) (*Child, string) {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"sh", "-c", script, "sh", fifo}
	c, err := Start(Spec{Path: "/bin/sh", Args: args, Env: os.Environ(), Cgroup: cgroup})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Signal(syscall.SIGKILL)
		await(t, c.Gone())
	})
	return c, fifo
}

// await waits for an event. If it never comes, go test ends the test and prints where it waits.
func await[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	return <-c
}

// open waits until the script opens the fifo.
func open(t *testing.T, fifo string) *os.File {
	t.Helper()
	file, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestStatus(t *testing.T) {
	c, _ := start(t, "exit 3")
	await(t, c.Gone())
	if status := c.Status(); status.ExitStatus() != 3 {
		t.Errorf("%v", status)
	}
	c, _ = start(t, "kill -TERM $$")
	await(t, c.Gone())
	if status := c.Status(); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("%v", status)
	}
}

// The group exists while it has processes, and they get signals until then.
func TestGroupOutlivesItsLeader(t *testing.T) {
	c, fifo := start(t, `(read x < "$1") & exit 0`)
	await(t, c.Ended())
	file := open(t, fifo)
	select {
	case <-c.Gone():
		t.Fatal("Gone is closed while a process is left")
	default:
	}
	_ = c.Signal(syscall.SIGTERM)
	await(t, c.Gone())
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	_ = c.Signal(syscall.SIGTERM) // The group is empty.
}

// A process that leaves the group does not keep it alive.
func TestLeavingTheGroup(t *testing.T) {
	needs.Program(t, "setsid")
	for range 5 {
		c, fifo := start(t, `(exec 3> "$1"; exec setsid sh -c 'read x <&3') & exit 0`)
		file, err := os.OpenFile(fifo, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		await(t, c.Gone())
		_ = file.Close()
	}
}

// A command that is stopped reports that, and can continue.
func TestStopped(t *testing.T) {
	c, fifo := start(t, `read x < "$1"; exit 5`)
	file := open(t, fifo)
	_ = c.Signal(syscall.SIGSTOP)
	if s := await(t, c.Stopped()); s != syscall.SIGSTOP {
		t.Errorf("stopped by %v", s)
	}
	if _, err := file.WriteString("go\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.Ended():
		t.Fatal("the command continued without CONT")
	default:
	}
	_ = c.Signal(syscall.SIGCONT)
	await(t, c.Gone())
	if status := c.Status(); status.ExitStatus() != 5 {
		t.Errorf("%v", status)
	}
}

func TestCannotStart(t *testing.T) {
	_, err := Start(Spec{Path: "/nowhere", Args: []string{"nowhere"}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// startFirst starts brokerd as the first process of a new PID namespace, as in a container. It returns the id of
// brokerd outside of the namespace.
func startFirst(t *testing.T, args ...string) (d *daemon, pid int) {
	t.Helper()
	if os.Geteuid() != 0 {
		needs.Missing(t, "only root can make PID namespaces")
	}
	words := append([]string{"--fork", "--pid", "--kill-child", "brokerd", "--port=0"}, args...)
	d = &daemon{}
	d.process, d.log = start(t, (*exec.Cmd).StderrPipe, needs.Program(t, "unshare"), words...)
	d.url = "ws://" + d.until(t, "listening").Address
	children := childrenOf(t, d.cmd.Process.Pid)
	if len(children) != 1 {
		t.Fatalf("unshare has the children %v, want brokerd", children)
	}
	return d, children[0]
}

// childrenOf returns the children of a process, including those that have ended and were not waited for.
func childrenOf(t *testing.T, parent int) (children []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the process has just ended
		}
		// The name is in parentheses. After it come the state and the parent: see proc(5).
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, pid)
		}
	}
	return children
}

// awaitChildren waits until a process has this number of children.
func awaitChildren(t *testing.T, parent, want int) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(20 * time.Second)
	for {
		got := len(childrenOf(t, parent))
		if got == want {
			return
		}
		select {
		case <-ticker.C:
		case <-late:
			t.Fatalf("brokerd has %d children, want %d", got, want)
		}
	}
}

// TestFirstProcessReaps checks that, as the first process of a container, brokerd waits for processes that it has
// adopted.
func TestFirstProcessReaps(t *testing.T) {
	_, pid := startFirst(t)
	input, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = end.Close() }()
	// The shell ends at once, so brokerd adopts its background processes. They end with their input.
	cmd := exec.CommandContext(testContext(t), needs.Program(t, "nsenter"), "--target", strconv.Itoa(pid), "--pid",
		needs.Program(t, "sh"), "-c", "exec 3<&0; for i in 1 2 3 4 5 6 7 8; do cat <&3 >/dev/null 2>&1 & done")
	cmd.Stdin = input
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_ = input.Close()
	awaitChildren(t, pid, 8)
	_ = end.Close()
	awaitChildren(t, pid, 0)
}

// TestFirstProcessStops checks that the first process of a container drains on SIGTERM, and that a second one ends it
// at once. The kernel ignores a signal to the first process if that has no handler.
func TestFirstProcessStops(t *testing.T) {
	ctx := testContext(t)
	signal := func(pid int) {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("at once", func(t *testing.T) {
		d, pid := startFirst(t)
		signal(pid)
		d.rest(t)
		if err := d.wait(); err != nil {
			t.Errorf("brokerd ended with %v, want exit code 0", err)
		}
	})
	t.Run("second signal", func(t *testing.T) {
		d, pid := startFirst(t, "--drain=1h")
		client, draining := dialForOne(ctx, t, d)
		if _, err := client.Acquire(ctx, "held", nil); err != nil {
			t.Fatal(err)
		}
		signal(pid)
		<-draining
		for ended := false; !ended; { // A signal soon after the first does not count.
			signal(pid)
			select {
			case <-client.Done():
				ended = true
			case <-time.After(sameSignal / 10):
			}
		}
		d.rest(t)
		if err := d.wait(); err == nil {
			t.Error("brokerd ended with exit code 0 in the middle of a drain")
		}
	})
}

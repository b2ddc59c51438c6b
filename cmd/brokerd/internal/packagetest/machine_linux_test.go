package packagetest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

var root = flag.String("root", "/", "the root of the machine to copy, for example a folder made by debootstrap")

// A machine is a copy of a machine that runs systemd.
type machine struct {
	pid int // of its systemd
}

// boot boots a copy of a machine, which has a folder as /packages. At the end of the test nothing is left of it.
func boot(t *testing.T, packages string) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		needs.Missing(t, "only root can make namespaces and overlays")
	}
	if _, err := os.Stat(filepath.Join(*root, "lib/systemd/systemd")); err != nil {
		needs.Missing(t, fmt.Sprintf("no systemd: %v", err))
	}
	paths := needs.Programs(t, "unshare", "bash", "nsenter", "dpkg", "umount", "systemd-analyze")
	group := makeGroup(t)
	m := &machine{}
	cmd := exec.CommandContext(context.Background(), paths[0], // run ends it
		"--fork", "--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--kill-child",
		paths[1], "boot.sh", t.TempDir(), *root, packages)
	// With a file, Wait does not wait for other processes that still have it open.
	console, err := os.Create(filepath.Join(t.TempDir(), "console"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = console.Close() })
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd()), Pdeathsig: syscall.SIGKILL}
	run(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := os.ReadFile(console.Name())
			t.Logf("the console says:\n%s", text)
			t.Logf("the machine says:\n%s", m.try("journalctl --no-pager --lines 60; systemctl --failed"))
		}
	})
	m.pid = awaitChild(t, cmd.Process.Pid)
	m.await(t, "systemctl is-system-running")
	return m
}

// run starts a process. At the end of the test it is killed, and with it everything in its namespaces. The kernel also
// kills it when the test's own process is killed, or when the thread ends that has started it: so that thread waits.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	started, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
}

// patience is how long something may take to happen.
const patience = 30 * time.Second

// retry calls do until it succeeds, and returns its last error.
func retry(t *testing.T, do func() error) error {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(patience)
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-late:
			return err
		}
	}
}

// awaitChild waits until a process has a child, and returns its id.
func awaitChild(t *testing.T, parent int) (child int) {
	t.Helper()
	err := retry(t, func() error {
		files, err := filepath.Glob("/proc/[0-9]*/stat")
		for _, file := range files {
			text, _ := os.ReadFile(file)
			_, rest, _ := strings.Cut(string(text), ") ") // after the name: see proc(5)
			fields := strings.Fields(rest)
			if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
				child, err = strconv.Atoi(filepath.Base(filepath.Dir(file)))
				return err
			}
		}
		return errors.Join(err, errors.New("the machine does not start"))
	})
	if err != nil {
		t.Fatal(err)
	}
	return child
}

// output runs a script on the machine, and returns what it prints.
func (m *machine) output(script string) (string, error) {
	limit := strconv.Itoa(int(patience.Seconds()))
	cmd := exec.CommandContext(context.Background(), // cleanups run scripts, too
		"nsenter", "--target", strconv.Itoa(m.pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
		"env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
		"timeout", limit, "bash", "-e", "-o", "pipefail", "-c", script)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// try runs a script, and returns its output and its error as text.
func (m *machine) try(script string) string {
	out, err := m.output(script)
	if err != nil {
		out += "\n" + err.Error()
	}
	return out
}

// do runs a script, which must succeed, and returns its output.
func (m *machine) do(t *testing.T, script string) string {
	t.Helper()
	out, err := m.output(script)
	if err != nil {
		t.Fatalf("%s\n%v: %s", script, err, out)
	}
	return out
}

// refuses runs a script, which must fail, with an output that has this text.
func (m *machine) refuses(t *testing.T, script, want string) {
	t.Helper()
	out, err := m.output(script)
	if err == nil || !strings.Contains(out, want) {
		t.Errorf("%s\n%v: %s, want an error with %q", script, err, out, want)
	}
}

// await waits until a script succeeds.
func (m *machine) await(t *testing.T, script string) {
	t.Helper()
	err := retry(t, func() error {
		if out, err := m.output(script); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

package deploy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A container runs programs in the file system of the image, in the environment and as the user of the image.
type container struct {
	image *image
	root  string
	port  int // instead of 27002, which another program may use
}

// command returns a command that runs in the container, after the words in before.
func (c *container) command(t *testing.T, before, words []string) *exec.Cmd {
	t.Helper()
	chroot, err := exec.LookPath("chroot")
	if err != nil {
		t.Fatal(err)
	}
	args := slices.Concat(before, []string{chroot, "--userspec=" + c.image.user, c.root}, words)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	port := strconv.Itoa(c.port)
	cmd.Env = append(slices.Clone(c.image.environment),
		"BROKERD_HOST=127.0.0.1", "BROKERD_PORT="+port, "BROKERCTL_PORT="+port)
	return cmd
}

// health runs the health check of the image, and returns its exit code.
func (c *container) health(t *testing.T) (code int, output string) {
	t.Helper()
	out, err := c.command(t, nil, c.image.healthcheck).CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(out)
}

// The broker serves in the file system of the image, as process 1 and as its user. The health check succeeds while the
// broker runs, and fails without it. SIGTERM makes the broker drain and exit with 0.
func TestContainer(t *testing.T) {
	unshare := needRoot(t)
	i := parseImage(t)
	c := &container{image: i, root: makeFilesystem(t, i).image, port: freePort(t)}
	addDevice(t, c.root)
	if code, output := c.health(t); code != 69 {
		t.Errorf("the health check without a broker exits with %d, want 69: %s", code, output)
	}

	cmd := c.command(t, []string{unshare, "--pid", "--fork", "--kill-child"}, i.entrypoint)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stderr)
	await(t, log, "listening")
	if code, output := c.health(t); code != 0 {
		t.Errorf("the health check exits with %d, want 0: %s", code, output)
	}
	broker := child(t, cmd.Process.Pid)
	checkProcess(t, broker, i.user)
	if err := syscall.Kill(broker, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await(t, log, "draining: no lock is granted, and holders must release")
	await(t, log, "stopped")
	for log.Scan() { // until the broker has ended
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM the broker exits with %v, want 0", err)
	}
	state, err := os.ReadDir(filepath.Join(c.root, i.volumes[0]))
	if err != nil || len(state) == 0 {
		t.Errorf("there is no state in the volume: %v", err)
	}
}

// needRoot returns the path of unshare. It skips the test without the right to use it, except in .ci/run.
func needRoot(t *testing.T) string {
	t.Helper()
	unshare, err := exec.LookPath("unshare")
	if err == nil {
		err = exec.CommandContext(t.Context(), unshare, "--pid", "--fork", "chroot", "/", "true").Run()
	}
	if err != nil && os.Getenv("CI") == "true" && os.Geteuid() == 0 {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("needs root, unshare and chroot: ", err)
	}
	return unshare
}

// addDevice makes /dev/null. It is in no image, but every container has it.
func addDevice(t *testing.T, root string) {
	t.Helper()
	const number = 1<<8 | 3
	path := filepath.Join(root, "dev", "null")
	err := os.Mkdir(filepath.Dir(path), 0o755)
	if err == nil {
		err = syscall.Mknod(path, syscall.S_IFCHR|0o666, number)
	}
	if err == nil {
		err = os.Chmod(path, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// freePort returns a port of the loopback interface that is free now.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// await reads the log until a line has this message.
func await(t *testing.T, log *bufio.Scanner, message string) {
	t.Helper()
	var all bytes.Buffer
	for log.Scan() {
		fmt.Fprintln(&all, log.Text())
		var line struct{ Message string }
		if err := json.Unmarshal(log.Bytes(), &line); err == nil && line.Message == message {
			return
		}
	}
	t.Fatalf("the log has no line %q:\n%s", message, &all)
}

// child returns the only child of a process.
func child(t *testing.T, parent int) int {
	t.Helper()
	text := read(t, fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// checkProcess checks that a process is the first one of its namespace, runs as the user, and has no capabilities.
func checkProcess(t *testing.T, pid int, user string) {
	t.Helper()
	fields := make(map[string][]string)
	for line := range strings.Lines(string(read(t, fmt.Sprintf("/proc/%d/status", pid)))) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.Fields(value)
	}
	if pids := fields["NSpid"]; len(pids) != 2 || pids[1] != "1" {
		t.Errorf("the process ids are %q, want that the last one is 1", pids)
	}
	uid, gid, _ := strings.Cut(user, ":")
	if fields["Uid"][0] != uid || fields["Gid"][0] != gid || strings.Trim(fields["CapEff"][0], "0") != "" {
		t.Errorf("user %q, group %q, capabilities %q", fields["Uid"], fields["Gid"], fields["CapEff"])
	}
}

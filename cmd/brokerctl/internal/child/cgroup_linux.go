package child

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Cgroup is a control group for a command. A process can leave its process group with setsid, but not its cgroup.
// Methods on a nil Cgroup behave as for an empty one.
type Cgroup struct{ dir string }

// NewCgroup creates a cgroup below the one of this process. It returns nil if that is not possible: without
// cgroup v2, without write permission, below a threaded cgroup, or before Linux 5.14, which cannot kill a
// cgroup.
func NewCgroup() *Cgroup {
	own := ownCgroup()
	if own == "" {
		return nil
	}
	dir, err := os.MkdirTemp(own, "brokerctl-")
	if err != nil {
		return nil
	}
	c := &Cgroup{dir}
	kind, _ := os.ReadFile(filepath.Join(dir, "cgroup.type"))
	if unix.Access(filepath.Join(dir, "cgroup.kill"), unix.W_OK) != nil ||
		string(bytes.TrimSpace(kind)) != "domain" {
		c.Remove()
		return nil
	}
	_ = os.Chmod(dir, 0o755) // so that other users can inspect it
	return c
}

// OpenCgroup returns the cgroup that another process has created at path, or nil if path is "".
func OpenCgroup(path string) *Cgroup {
	if path == "" {
		return nil
	}
	return &Cgroup{path}
}

// Path returns the directory of the cgroup, or "" for nil.
func (c *Cgroup) Path() string {
	if c == nil {
		return ""
	}
	return c.dir
}

// Remove removes the cgroup and the cgroups below it, if they are empty. A command that was killed, such as another
// brokerctl, may have left cgroups there.
func (c *Cgroup) Remove() {
	if c == nil {
		return
	}
	below, _ := os.ReadDir(c.dir)
	for _, entry := range below {
		if entry.IsDir() {
			(&Cgroup{filepath.Join(c.dir, entry.Name())}).Remove()
		}
	}
	_ = unix.Rmdir(c.dir)
}

// Leave removes the cgroup, and moves its processes to the cgroup above, as if it had not existed.
func (c *Cgroup) Leave() {
	if c == nil {
		return
	}
	above := filepath.Join(filepath.Dir(c.dir), "cgroup.procs")
	for range 100 { // The processes may start others in the meantime.
		procs, err := os.ReadFile(filepath.Join(c.dir, "cgroup.procs"))
		if err != nil || len(procs) == 0 {
			break
		}
		for pid := range strings.Lines(string(procs)) {
			_ = os.WriteFile(above, []byte(pid), 0)
		}
	}
	c.Remove()
}

func (c *Cgroup) kill() {
	if c != nil {
		_ = os.WriteFile(filepath.Join(c.dir, "cgroup.kill"), []byte("1"), 0)
	}
}

// isEmpty reports whether no process in the cgroup or below is alive.
func (c *Cgroup) isEmpty() bool {
	if c == nil {
		return true
	}
	events, err := os.ReadFile(filepath.Join(c.dir, "cgroup.events"))
	return bytes.Contains(events, []byte("populated 0")) || errors.Is(err, fs.ErrNotExist)
}

// enter makes a process start in the cgroup. The caller must call started after it has tried to start the
// process.
func (c *Cgroup) enter(attributes *syscall.SysProcAttr) (started func()) {
	if c == nil {
		return func() {}
	}
	fd, err := unix.Open(c.dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	attributes.UseCgroupFD, attributes.CgroupFD = true, fd
	return func() {
		if err == nil {
			_ = unix.Close(fd)
		}
	}
}

// ownCgroup returns the directory of the cgroup of this process, or "".
func ownCgroup() string {
	memberships, _ := os.ReadFile("/proc/self/cgroup")
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	return cgroupDir(string(memberships), string(mounts))
}

// cgroupDir returns the directory of a process's cgroup, given its /proc/PID/cgroup and /proc/PID/mountinfo:
// see proc(5).
func cgroupDir(memberships, mounts string) string {
	own := ""
	for line := range strings.Lines(memberships) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			own = path
		}
	}
	if own == "" || strings.HasPrefix(own, "/..") { // It is outside this namespace.
		return ""
	}
	for line := range strings.Lines(mounts) {
		// ID PARENT DEVICE ROOT POINT OPTIONS [MORE...] - TYPE ...
		mount, kind, _ := strings.Cut(line, " - ")
		fields := strings.Fields(mount)
		if !strings.HasPrefix(kind, "cgroup2 ") || len(fields) < 5 {
			continue
		}
		if path, err := filepath.Rel(unescape(fields[3]), own); err == nil && filepath.IsLocal(path) {
			return filepath.Join(unescape(fields[4]), path)
		}
	}
	return ""
}

// unescape decodes a path of mountinfo. The kernel writes blanks and backslashes in octal: \040 stands for a
// blank.
func unescape(path string) string {
	parts := strings.Split(path, `\`)
	for i, part := range parts[1:] {
		if code, err := strconv.ParseUint(part[:min(3, len(part))], 8, 8); err == nil {
			parts[i+1] = string([]byte{byte(code)}) + part[3:]
		}
	}
	return strings.Join(parts, "")
}

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

// A Cgroup is a control group of a command: nobody leaves it by setsid, or by the end of a parent, as processes leave
// their group. Its methods may be called on nil, the cgroup of a system that has none for us.
type Cgroup struct{ dir string }

// NewCgroup makes one below that of this process. It is nil where that cannot be done: without cgroup v2, without the
// right to write there, below a threaded cgroup, or before Linux 5.14, which cannot kill one.
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
	if unix.Access(filepath.Join(dir, "cgroup.kill"), unix.W_OK) != nil || string(bytes.TrimSpace(kind)) != "domain" {
		c.Remove()
		return nil
	}
	_ = os.Chmod(dir, 0o755) // for people to look at
	return c
}

// OpenCgroup is the one that another process has made. It is nil without a path.
func OpenCgroup(path string) *Cgroup {
	if path == "" {
		return nil
	}
	return &Cgroup{path}
}

// Path is its directory, "" without one.
func (c *Cgroup) Path() string {
	if c == nil {
		return ""
	}
	return c.dir
}

// Remove removes it when nobody is in it, with those below: a command that was killed may have had some, another
// brokerctl for example.
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

// Leave removes it. Whoever is in it moves into the one above, as if there had been none.
func (c *Cgroup) Leave() {
	if c == nil {
		return
	}
	above := filepath.Join(filepath.Dir(c.dir), "cgroup.procs")
	for range 100 { // they may start others meanwhile
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

// isEmpty reports whether nobody in it is alive, nor in those below.
func (c *Cgroup) isEmpty() bool {
	if c == nil {
		return true
	}
	events, err := os.ReadFile(filepath.Join(c.dir, "cgroup.events"))
	return bytes.Contains(events, []byte("populated 0")) || errors.Is(err, fs.ErrNotExist)
}

// enter lets a process begin in it. The function that it returns must be called when that has begun, or has not.
func (c *Cgroup) enter(attributes *syscall.SysProcAttr) (begun func()) {
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

// ownCgroup is the directory of that in which this process is, or "".
func ownCgroup() string {
	memberships, _ := os.ReadFile("/proc/self/cgroup")
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	return cgroupDir(string(memberships), string(mounts))
}

// cgroupDir finds the directory in what proc(5) says of the cgroups and the mounts of a process.
func cgroupDir(memberships, mounts string) string {
	own := ""
	for line := range strings.Lines(memberships) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			own = path
		}
	}
	if own == "" || strings.HasPrefix(own, "/..") { // outside of what this namespace shows
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

// unescape undoes what the kernel does to blanks and backslashes in paths: \040 stands for a blank.
func unescape(path string) string {
	parts := strings.Split(path, `\`)
	for i, part := range parts[1:] {
		if code, err := strconv.ParseUint(part[:min(3, len(part))], 8, 8); err == nil {
			parts[i+1] = string([]byte{byte(code)}) + part[3:]
		}
	}
	return strings.Join(parts, "")
}

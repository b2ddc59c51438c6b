package packagetest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
)

// makeGroup returns a new cgroup. systemd must not manage those of the machine itself. At the end of the test,
// everything in the cgroup is killed.
func makeGroup(t *testing.T) *os.File {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if fields[2] != "cgroup2" {
			continue
		}
		path := filepath.Join(fields[1], fmt.Sprintf("packagetest-%d", os.Getpid()))
		if err := os.Mkdir(path, 0o755); err != nil { //nolint:gosec // as other cgroups
			needs.Missing(t, fmt.Sprintf("no cgroup: %v", err))
		}
		t.Cleanup(func() { removeGroup(t, path) })
		group, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = group.Close() })
		return group
	}
	needs.Missing(t, "no cgroup2 is mounted")
	return nil
}

// removeGroup kills what is in a cgroup, and removes it with those below it.
func removeGroup(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path, "cgroup.kill"), []byte("1"), 0); err != nil {
		t.Error(err)
	}
	var folders []string
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, folder := range slices.Backward(folders) {
		// It takes the processes some time to end.
		if err := retry(t, func() error { return os.Remove(folder) }); err != nil {
			t.Error(err)
		}
	}
}

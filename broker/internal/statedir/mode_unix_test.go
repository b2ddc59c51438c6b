//go:build unix

package statedir

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Only this user may read the state. Others may read the directories above it. A directory that
// already exists keeps its mode.
func TestModes(t *testing.T) {
	for _, test := range []struct {
		name        string
		umask       int
		path        string
		above, mode fs.FileMode
	}{
		{"created, with all directories above it", 0o022, "a/b/state", 0o755, 0o700},
		{"created, with a trailing slash", 0o022, "a/b/state/", 0o755, 0o700},
		{"created, with dots in the path", 0o022, "a/./b/state/.", 0o755, 0o700},
		{"created under a strict umask", 0o027, "a/b/state", 0o750, 0o700},
		{"created under a loose umask", 0, "a/b/state", 0o755, 0o700},
		{"already there", 0o022, "there/state", 0o711, 0o750},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer syscall.Umask(syscall.Umask(test.umask))
			top := t.TempDir()
			for name, mode := range map[string]fs.FileMode{"there": 0o711, "there/state": 0o750} {
				path := filepath.Join(top, name)
				if err := os.MkdirAll(path, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
			}
			d := mustOpen(t, top+"/"+test.path)
			defer mustClose(t, d)
			mustSave(t, d, State{Next: 1})
			dir := filepath.Join(top, test.path)
			for path, want := range map[string]fs.FileMode{
				filepath.Dir(dir):             test.above,
				dir:                           test.mode,
				filepath.Join(dir, stateName): 0o600,
				filepath.Join(dir, lockName):  0o600,
			} {
				if got := modeOf(t, path); got != want {
					t.Errorf("%s has mode %o, want %o", path, got, want)
				}
			}
		})
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

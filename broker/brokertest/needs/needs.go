package needs

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Missing skips the test because it lacks something. With CI=true it fails the test.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Program returns the path of a program. If the program is not in PATH, the test is skipped.
func Program(t testing.TB, name string) string {
	t.Helper()
	return Programs(t, name)[0]
}

// Programs returns the paths of programs. If some are missing, the test is skipped, with all their names.
func Programs(t testing.TB, names ...string) (paths []string) {
	t.Helper()
	var missing []string
	for _, name := range names {
		i := slices.IndexFunc(list, func(n need) bool { return n.name == name })
		if i < 0 {
			t.Fatalf("%s is not in the list of the package needs", name)
		}
		path := list[i].path()
		if path == "" {
			missing = append(missing, name)
		}
		paths = append(paths, path)
	}
	if len(missing) > 0 {
		Missing(t, "missing: "+strings.Join(missing, ", "))
	}
	return paths
}

// Folder returns a folder with these programs and no others. It is for the PATH of a test, so that the test cannot use
// a program that it does not name. If some are missing, the test is skipped. On Windows, where links need a privilege,
// Folder returns the value of PATH.
func Folder(t testing.TB, names ...string) string {
	t.Helper()
	paths := Programs(t, names...)
	if runtime.GOOS == "windows" {
		return os.Getenv("PATH")
	}
	folder := t.TempDir()
	for i, path := range paths {
		if err := os.Symlink(path, filepath.Join(folder, names[i])); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// path returns the path of the program or of the folder, and "" if it is missing.
func (n need) path() string {
	if n.name == npmPackages {
		return packages()
	}
	for _, name := range append([]string{n.name}, n.also...) {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// packages returns the folder of the npm packages, and "" if they are not installed.
func packages() string {
	folder, err := filepath.Abs(".")
	for above := ""; err == nil && folder != above; above, folder = folder, filepath.Dir(folder) {
		path := filepath.Join(folder, npmPackages)
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return path
		}
	}
	return ""
}

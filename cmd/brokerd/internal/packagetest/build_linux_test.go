package packagetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// recipes is the folder of the release's recipes.
const recipes = "../../../../.github"

// buildPackage makes the package of Debian of this commit, and returns its folder.
func buildPackage(t *testing.T) string {
	t.Helper()
	files, packages := t.TempDir(), t.TempDir()
	license, err := os.ReadFile(filepath.Join(recipes, "../LICENSE"))
	if err == nil {
		err = os.WriteFile(filepath.Join(files, "LICENSE"), license, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	recipe(t, "release-build", "linux/"+runtime.GOARCH, files)
	recipe(t, "release-files", files, files, "linux")
	recipe(t, "release-packages", files, "v0.1.0", runtime.GOARCH, packages, "deb")
	return packages
}

// recipe runs a recipe of the release.
func recipe(t *testing.T, name string, args ...string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(recipes, name))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = filepath.Join(recipes, "..")
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

package js_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient/js"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// TestPackageFiles: the package has what a page loads, and what belongs to every package. No test is in it.
func TestPackageFiles(t *testing.T) {
	want := []string{"LICENSE", "README.md", "package.json"}
	want = append(want, names(t, js.Files())...)
	slices.Sort(want)
	if got := names(t, os.DirFS(packed(t))); !slices.Equal(got, want) {
		t.Errorf("it has %q, want %q", got, want)
	}
	own, ownErr := os.ReadFile("LICENSE")
	license, err := os.ReadFile("../../LICENSE")
	if err := errors.Join(ownErr, err); err != nil || string(license) != string(own) {
		t.Errorf("LICENSE is not that of the repository: %v", err)
	}
}

// TestPackageIsImported: a program that has installed it finds it by its name.
func TestPackageIsImported(t *testing.T) {
	folder := t.TempDir()
	install(t, folder)
	cmd := jstest.Node(t, "--input-type=module", "--eval", `
		import { connect, LockError } from "lockbroker";
		import about from "lockbroker/package.json" with { type: "json" };
		if (about.name !== "lockbroker" || !(LockError.prototype instanceof Error)) throw about;
		const locks = await connect(process.argv[1]);
		console.log(await locks.request("a", (lock) => lock.name));
		await locks.close();`, startBroker(t))
	cmd.Dir = folder
	if got := run(t, cmd); got != "a\n" {
		t.Errorf("it says %q", got)
	}
}

// TestPackageIsLinted: neither publint nor "Are the types wrong?" has anything to say, whichever way packages are
// found, but for one thing: it has no CommonJS. Without that require works from Node 20.19 on, and import everywhere.
func TestPackageIsLinted(t *testing.T) {
	folder := packed(t)
	run(t, jstest.Script(t, "publint", "src/cli.js", "--strict", "--pack=false", folder))
	archives, err := filepath.Glob(filepath.Join(filepath.Dir(folder), "*.tgz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("%q, %v", archives, err)
	}
	run(t, jstest.Script(t, "@arethetypeswrong/cli", "dist/index.js", "--ignore-rules=cjs-resolves-to-esm", archives[0]))
}

// packed is a folder with the package as npm publishes it. The archive is beside it.
func packed(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"package.json", "README.md", "LICENSE"} { // so that Go tests again when they change
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	run(t, exec.CommandContext(t.Context(), jstest.Program(t, "npm"), "pack", "--silent", "--pack-destination", folder))
	archives, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("npm pack has made %q, %v", archives, err)
	}
	run(t, exec.CommandContext(t.Context(), "tar", "-xzf", archives[0], "-C", folder))
	return filepath.Join(folder, "package")
}

// install makes the package one that programs in folder can import.
func install(t *testing.T, folder string) {
	t.Helper()
	modules := filepath.Join(folder, "node_modules")
	if err := os.Mkdir(modules, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(packed(t), filepath.Join(modules, "lockbroker")); err != nil {
		t.Fatal(err)
	}
}

// names are those of all files in folder.
func names(t *testing.T, folder fs.FS) (all []string) {
	t.Helper()
	err := fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func run(t *testing.T, cmd *exec.Cmd) (out string) {
	t.Helper()
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, text)
	}
	return string(text)
}

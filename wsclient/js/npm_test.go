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

// TestPackageFiles checks that the package has the files that a page loads, the files of every package, and no tests.
func TestPackageFiles(t *testing.T) {
	want := []string{"LICENSE", "README.md", "package.json"}
	want = append(want, names(t, js.Files())...)
	slices.Sort(want)
	if got := names(t, os.DirFS(packed(t))); !slices.Equal(got, want) {
		t.Errorf("the package has %q, want %q", got, want)
	}
	own, ownErr := os.ReadFile("LICENSE")
	license, err := os.ReadFile("../../LICENSE")
	if err := errors.Join(ownErr, err); err != nil || string(license) != string(own) {
		t.Errorf("LICENSE differs from the LICENSE of the repository: %v", err)
	}
}

// TestPackageIsImported checks that a program that has installed the package can import it by its name.
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
		t.Errorf("the program prints %q, want \"a\"", got)
	}
}

// TestPackageIsLinted runs publint and "Are the types wrong?", for every way of resolving packages.
// It ignores one finding: the package has no CommonJS. require still works from Node 20.19 on, and
// import works everywhere.
func TestPackageIsLinted(t *testing.T) {
	folder := packed(t)
	run(t, jstest.Script(t, "publint", "src/cli.js", "--strict", "--pack=false", folder))
	archives, err := filepath.Glob(filepath.Join(filepath.Dir(folder), "*.tgz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("%q, %v", archives, err)
	}
	attw := []string{"--ignore-rules=cjs-resolves-to-esm", archives[0]}
	run(t, jstest.Script(t, "@arethetypeswrong/cli", "dist/index.js", attw...))
}

// packed returns a folder with the package as npm publishes it. The archive is beside the folder.
func packed(t *testing.T) string {
	t.Helper()
	// Go reruns a test when a file that the test has read has changed.
	for _, name := range []string{"package.json", "README.md", "LICENSE"} {
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	npm := jstest.Program(t, "npm")
	run(t, exec.CommandContext(t.Context(), npm, "pack", "--silent", "--pack-destination", folder))
	archives, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("npm pack made %q, %v", archives, err)
	}
	run(t, exec.CommandContext(t.Context(), jstest.Program(t, "tar"), "-xzf", archives[0], "-C", folder))
	return filepath.Join(folder, "package")
}

// install installs the package for programs in folder.
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

// names returns the names of all files in folder.
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

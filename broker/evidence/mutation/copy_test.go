package mutation

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"
)

// root is the root of the repository.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// readSource returns the text of a file of the repository.
func readSource(root, file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	return string(text), err
}

// A sourceCopy is a copy of the repository into which all faults in Go are planted, all of them switched off. At most
// one fault in JavaScript is planted at a time.
type sourceCopy struct {
	original string
	dir      string
	overlay  string            // tells the go command to read the planted Go files from the copy
	binaries map[string]string // the test programs that were compiled, by package
	clean    map[string]bool   // the runs that have passed without a fault

	switchedOn string // the number of the fault that is switched on, or ""
	hasScript  bool   // a fault in JavaScript is planted
}

// newSourceCopy copies the repository into a directory that is removed when the test ends, and plants faults.
func newSourceCopy(t testing.TB, faults []*fault) *sourceCopy {
	t.Helper()
	c := &sourceCopy{
		original: root(t), dir: filepath.Join(t.TempDir(), "lockbroker"),
		binaries: make(map[string]string), clean: make(map[string]bool),
	}
	c.overlay = filepath.Join(filepath.Dir(c.dir), "overlay.json")
	if err := copyTree(c.original, c.dir); err != nil {
		t.Fatal(err)
	}
	sources, err := plantAll(c.original, faults)
	if err != nil {
		t.Fatal(err)
	}
	replaced := make(map[string]string)
	for file, source := range sources {
		planted := filepath.Join(c.dir, filepath.FromSlash(file))
		replaced[filepath.Join(c.original, filepath.FromSlash(file))] = planted
		if err := os.MkdirAll(filepath.Dir(planted), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(planted, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.overlay, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return c
}

// copyTree copies a directory. It leaves out .git, and links to the npm packages.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.Name() == ".git" && d.IsDir():
			return fs.SkipDir
		case d.Name() == ".git":
			return nil
		case d.Name() == "node_modules":
			if err := os.Symlink(path, target); err != nil {
				return err
			}
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm())
}

// switchOn switches f on, and no other fault. A nil fault means none.
func (c *sourceCopy) switchOn(f *fault) (off func() error, err error) {
	c.switchedOn, c.hasScript = "", false
	if f == nil {
		return func() error { return nil }, nil
	}
	sources, err := f.applyTo(c.original)
	if err != nil {
		return nil, err
	}
	c.switchedOn = f.number()
	var scripts []string
	for file, source := range sources {
		if path.Ext(file) == ".go" {
			continue
		}
		c.hasScript = true
		scripts = append(scripts, filepath.FromSlash(file))
		planted := filepath.Join(c.dir, filepath.FromSlash(file))
		if err := os.WriteFile(planted, []byte(source), 0o644); err != nil {
			return nil, err
		}
	}
	return func() error {
		for _, file := range scripts {
			if err := copyFile(filepath.Join(c.original, file), filepath.Join(c.dir, file)); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// applyTo returns the sources of the files that f edits, with the edits, by file.
func (f *fault) applyTo(original string) (map[string]string, error) {
	sources := make(map[string]string)
	for _, e := range f.edits {
		source, edited := sources[e.file]
		if !edited {
			var err error
			if source, err = readSource(original, e.file); err != nil {
				return nil, err
			}
		}
		source, err := e.apply(source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		sources[e.file] = source
	}
	return sources, nil
}

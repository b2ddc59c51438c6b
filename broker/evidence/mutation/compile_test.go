package mutation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// A listed is a package as the go command lists it.
type listed struct {
	ImportPath string
	Dir        string
	Export     string // the file with its compiled types
	GoFiles    []string
}

// A checker checks whether planted Go sources compile. It checks types by itself, because the go command would take
// about a second for each fault.
type checker struct {
	root     string
	packages map[string]listed // by directory
	files    *token.FileSet
	importer types.Importer
}

// newChecker lists the packages that faults edit, and everything that they import.
func newChecker(t testing.TB, faults []*fault) *checker {
	t.Helper()
	c := &checker{root: root(t), packages: make(map[string]listed), files: token.NewFileSet()}
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles"}
	for _, f := range faults {
		for _, e := range f.edits {
			if path.Ext(e.file) == ".go" {
				args = append(args, "./"+path.Dir(e.file))
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir, cmd.Stderr = c.root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	exports := make(map[string]string)
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		c.packages[p.Dir] = p
		exports[p.ImportPath] = p.Export
	}
	c.importer = importer.ForCompiler(c.files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	return c
}

// check returns what is wrong with the Go sources of a fault.
func (c *checker) check(sources map[string]string) error {
	dirs := make(map[string]bool)
	for file := range sources {
		if path.Ext(file) == ".go" {
			dirs[path.Dir(file)] = true
		}
	}
	for dir := range dirs {
		if err := c.checkPackage(dir, sources); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) checkPackage(dir string, sources map[string]string) error {
	p, known := c.packages[filepath.Join(c.root, filepath.FromSlash(dir))]
	if !known {
		return fmt.Errorf("%s: the go command does not list it", dir)
	}
	var files []*ast.File
	left := len(sources)
	for _, name := range p.GoFiles {
		var planted any
		if source, edited := sources[path.Join(dir, name)]; edited {
			planted = source
			left--
		}
		file, err := parser.ParseFile(c.files, filepath.Join(p.Dir, name), planted, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	if left == len(sources) {
		return fmt.Errorf("%s: none of its files for this platform is edited", dir)
	}
	config := types.Config{Importer: c.importer, GoVersion: "go1.26"}
	_, err := config.Check(p.ImportPath, c.files, files, nil)
	return err
}

// checkScripts lets Node parse the JavaScript sources of a fault.
func checkScripts(t testing.TB, node string, sources map[string]string) error {
	for file, source := range sources {
		if path.Ext(file) != ".js" {
			continue
		}
		cmd := exec.CommandContext(t.Context(), node, "--input-type=module", "--check")
		cmd.Stdin = strings.NewReader(source)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", file, err, out)
		}
	}
	return nil
}

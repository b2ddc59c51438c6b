package main

import (
	"bytes"
	"cmp"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// A tree has the figures of all files that were read.
type tree struct {
	files    []file
	long     []function // the functions with more than mostFunctionLines
	packages []*pkg     // sorted by path
}

// A file is one Go file.
type file struct {
	path  string
	test  bool
	lines int
	wide  int // lines of more than mostColumns
}

// A function is a declared function or method.
type function struct {
	name  string // with its file
	test  bool
	lines int // from its first line to its closing brace
}

// read reads all Go files below root.
func read(root string) (*tree, error) {
	t := &tree{}
	byPath := make(map[string]*pkg)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		return t.add(path, byPath)
	})
	if err == nil && len(t.files) == 0 {
		err = errors.New("no Go files below " + root)
	}
	for _, p := range byPath {
		t.packages = append(t.packages, p)
	}
	slices.SortFunc(t.packages, func(a, b *pkg) int { return cmp.Compare(a.path, b.path) })
	return t, err
}

// skipped reports whether the directory of that name holds no code of this project.
func skipped(name string) bool { return name == ".git" || name == "node_modules" || name == "testdata" }

// add reads one file.
func (t *tree) add(path string, packages map[string]*pkg) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	positions := token.NewFileSet()
	syntax, err := parser.ParseFile(positions, path, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := file{path: filepath.ToSlash(path), test: strings.HasSuffix(path, "_test.go")}
	f.lines, f.wide = measure(source)
	t.files = append(t.files, f)
	t.addFunctions(f, positions, syntax)
	if f.test || syntax.Name.Name == "main" {
		return nil // no package can import these
	}
	dir := filepath.ToSlash(filepath.Dir(path))
	if packages[dir] == nil {
		packages[dir] = &pkg{path: dir}
	}
	packages[dir].add(syntax)
	return nil
}

// addFunctions notes the long functions of one file.
func (t *tree) addFunctions(f file, positions *token.FileSet, syntax *ast.File) {
	for _, declaration := range syntax.Decls {
		d, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		lines := positions.Position(d.End()).Line - positions.Position(d.Pos()).Line + 1
		if lines > mostFunctionLines {
			t.long = append(t.long, function{name: f.path + ": " + d.Name.Name, test: f.test, lines: lines})
		}
	}
}

// measure returns the number of lines, and how many of them are wide. It also counts lines inside raw strings.
func measure(source []byte) (lines, wide int) {
	for line := range bytes.Lines(source) {
		lines++
		line = bytes.TrimRight(line, "\r\n")
		column := 0
		for len(line) > 0 {
			r, size := utf8.DecodeRune(line)
			line = line[size:]
			column++
			if r == '\t' {
				column += tabColumns - 1
			}
		}
		if column > mostColumns {
			wide++
		}
	}
	return lines, wide
}

package core

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport lists the packages that the core may import. None of them reads a clock, does I/O or starts a goroutine,
// except time. Of time the core may only use mayUseOfTime.
var mayImport = []string{
	"container/heap",
	"errors",
	"fmt",
	"math",
	"slices",
	"time",
	"github.com/lockbroker/lockbroker/broker/wire",
	"github.com/lockbroker/lockbroker/broker/wire/codec",
	"github.com/lockbroker/lockbroker/wsclient/internal/shrinkmap",
}

var mayUseOfTime = []string{"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}

// TestPurity: the core is a state machine and nothing else.
func TestPurity(t *testing.T) {
	fset := token.NewFileSet()
	files, err := parseFolder(fset, ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 5 {
		t.Fatalf("found %d files of the package", len(files))
	}
	for _, impurity := range impurities(fset, files) {
		t.Error(impurity)
	}
}

// TestImpurityIsFound: everything that is forbidden is found.
func TestImpurityIsFound(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"import", `import "os"`, "imports os"},
		{"hidden import", `import . "time"`, "imports time under another name"},
		{"now", `import "time"; func f() { _ = time.Now() }`, "uses time.Now"},
		{"since", `import "time"; func f(t time.Time) { _ = time.Since(t) }`, "uses time.Since"},
		{"timer", `import "time"; var f = time.NewTimer`, "uses time.NewTimer"},
		{"go", `func f() { go f() }`, "go statement"},
		{"channel", `type t struct { c chan int }`, "channel"},
		{"select", `func f() { select {} }`, "select"},
		{"print", `func f() { println() }`, "println"},
		{"map", `func f(m map[string]int) { for range m {} }`, "ranges over a map"},
		{"field", `type m map[int]bool; type t struct { m m }; func (t *t) f() { for range t.m {} }`,
			"ranges over a map"},
		{"type parameter", `func f[M map[int]int | map[int]bool](m M) { for range m {} }`, "ranges over a map"},
		{"unknown", `func f() { for range undeclared {} }`, "unknown type"},
		{"global", `var count int`, "package variable count"},
		{"init", `func init() {}`, "init"},
		{"mutex", `import "sync"; type t struct { mu sync.Mutex }`, "imports sync"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, "bad.go", "package p; "+test.source, 0)
			if err != nil {
				t.Fatal(err)
			}
			found := impurities(fset, []*ast.File{file})
			if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, test.want) }) {
				t.Errorf("want %q, found %q", test.want, found)
			}
		})
	}
}

// impurities lists what makes the files impure.
func impurities(fset *token.FileSet, files []*ast.File) (found []string) {
	report := func(node ast.Node, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(node.Pos()), fmt.Sprintf(format, args...)))
	}
	info := typesOf(fset, files)
	for _, file := range files {
		for _, spec := range file.Imports {
			switch path, _ := strconv.Unquote(spec.Path.Value); {
			case !slices.Contains(mayImport, path):
				report(spec, "imports %s", path)
			case path == "time" && spec.Name != nil:
				report(spec, "imports time under another name")
			}
		}
		for _, decl := range file.Decls {
			reportGlobals(decl, report)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			reportNode(node, info, report)
			return true
		})
	}
	return found
}

func reportGlobals(decl ast.Decl, report func(ast.Node, string, ...any)) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil && decl.Name.Name == "init" {
			report(decl, "init: the package has state before anyone calls it")
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			if values, ok := spec.(*ast.ValueSpec); ok && decl.Tok == token.VAR {
				report(spec, "package variable %s", values.Names[0].Name)
			}
		}
	}
}

func reportNode(node ast.Node, info *types.Info, report func(ast.Node, string, ...any)) {
	switch node := node.(type) {
	case *ast.GoStmt:
		report(node, "go statement")
	case *ast.SelectStmt:
		report(node, "select")
	case *ast.ChanType:
		report(node, "channel")
	case *ast.SelectorExpr:
		if from, ok := node.X.(*ast.Ident); ok && from.Name == "time" &&
			!slices.Contains(mayUseOfTime, node.Sel.Name) {
			report(node, "uses time.%s", node.Sel.Name)
		}
	case *ast.CallExpr:
		if f, ok := node.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
			report(node, "%s", f.Name)
		}
	case *ast.RangeStmt:
		reportRange(node, info.TypeOf(node.X), report)
	}
}

func reportRange(node ast.Node, over types.Type, report func(ast.Node, string, ...any)) {
	switch {
	case over == nil || over == types.Typ[types.Invalid]:
		report(node, "ranges over a value of unknown type")
	case mayBeMap(over):
		report(node, "ranges over a map, whose order changes from run to run")
	}
}

// mayBeMap reports whether t is a map, or a type parameter that may be one.
func mayBeMap(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Map:
		return true
	case *types.Union:
		for term := range t.Terms() {
			if mayBeMap(term.Type()) {
				return true
			}
		}
	case *types.Interface:
		for embedded := range t.EmbeddedTypes() {
			if mayBeMap(embedded) {
				return true
			}
		}
	}
	return false
}

// typesOf finds the types of expressions, as far as ownPackages allows. The type of each value that a range statement
// ranges over must be among them. If it is not, reportRange says so.
func typesOf(fset *token.FileSet, files []*ast.File) *types.Info {
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: make(ownPackages), Error: func(error) {}}
	_, _ = config.Check("core", fset, files, info)
	return info
}

// ownPackages imports packages of this module, and nothing else. Reading all that they import would take ten seconds,
// and would find nothing more.
type ownPackages map[string]*types.Package

// iterators declares the iterators of the standard library that the core ranges over.
var iterators = map[string]string{
	"iter": `package iter
		type Seq[V any] func(yield func(V) bool)
		type Seq2[K, V any] func(yield func(K, V) bool)`,
	"slices": `package slices
		import "iter"
		func Backward[S ~[]E, E any](s S) iter.Seq2[int, E] { return nil }
		func Collect[E any](seq iter.Seq[E]) []E { return nil }`,
}

// Import returns the package with that path, without its function bodies.
func (known ownPackages) Import(path string) (*types.Package, error) {
	if pkg := known[path]; pkg != nil {
		return pkg, nil
	}
	fset := token.NewFileSet()
	var files []*ast.File
	var err error
	if source, ok := iterators[path]; ok {
		var file *ast.File
		file, err = parser.ParseFile(fset, path, source, 0)
		files = []*ast.File{file}
	} else {
		folder, own := strings.CutPrefix(path, "github.com/lockbroker/lockbroker/")
		if !own {
			return nil, fmt.Errorf("%s belongs to another module", path)
		}
		files, err = parseFolder(fset, filepath.Join("..", "..", "..", filepath.FromSlash(folder)))
	}
	if err != nil {
		return nil, err
	}
	config := types.Config{Importer: known, Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, _ := config.Check(path, fset, files, nil)
	known[path] = pkg
	return pkg, nil
}

// parseFolder parses the Go files of a folder, except tests.
func parseFolder(fset *token.FileSet, folder string) (files []*ast.File, err error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, err
}

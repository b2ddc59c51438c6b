package purity

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

// mayUseOfTime lists what a package may use of package time.
var mayUseOfTime = []string{"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}

// Check reports each impurity of the package in the current directory as an error of t. The package
// may import only mayImport, and of package time only the type Duration and its constants.
func Check(t testing.TB, mayImport ...string) {
	t.Helper()
	fset := token.NewFileSet()
	files, err := parseFolder(fset, ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 5 {
		t.Fatalf("found %d files of the package", len(files))
	}
	known, err := newModule(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, impurity := range impurities(fset, files, known, mayImport) {
		t.Error(impurity)
	}
}

// impurities returns a line for each thing in the files that is forbidden.
func impurities(fset *token.FileSet, files []*ast.File, known *module, mayImport []string) (found []string) {
	report := func(node ast.Node, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(node.Pos()), fmt.Sprintf(format, args...)))
	}
	info := typesOf(fset, files, known)
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
			report(decl, "init: it runs before anyone calls the package")
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
		from, ok := node.X.(*ast.Ident)
		if ok && from.Name == "time" && !slices.Contains(mayUseOfTime, node.Sel.Name) {
			report(node, "uses time.%s", node.Sel.Name)
		}
	case *ast.CallExpr:
		if f, ok := node.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
			report(node, "%s", f.Name)
		}
	case *ast.RangeStmt:
		reportRange(node, info, report)
	}
}

// reportRange reports a range over a map, or over something of an unknown type.
func reportRange(node *ast.RangeStmt, info *types.Info, report func(ast.Node, string, ...any)) {
	switch over := info.TypeOf(node.X); {
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

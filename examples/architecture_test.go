//go:build unix

package examples

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const architecture = "../broker/ARCHITECTURE.md"

// TestArchitectureNames looks up every function and method that the page on the architecture names,
// such as `Table.Acquire`. TestLinks does the same for its files.
func TestArchitectureNames(t *testing.T) {
	declared := declaredNames(t)
	names := regexp.MustCompile("`([A-Za-z]+\\.[A-Za-z]+)[`(]").FindAllStringSubmatch(read(t, architecture), -1)
	if len(names) < 5 {
		t.Fatalf("found only these names: %q", names)
	}
	for _, m := range names {
		if !declared[m[1]] && m[1] != "http.Server" {
			t.Errorf("%s names %s, which is not declared", architecture, m[1])
		}
	}
}

// TestArchitectureNamesEveryPackage looks whether the page says what each package of the broker and of
// the client is for.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	page := read(t, architecture)
	for _, pattern := range []string{"../broker/internal/*", "../wsclient/internal/*"} {
		folders, err := filepath.Glob(pattern)
		if err != nil || len(folders) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, folder := range folders {
			name := strings.TrimPrefix(filepath.ToSlash(folder), "../")
			if !strings.Contains(page, "| ["+name+"](") {
				t.Errorf("%s has no row for %s", architecture, name)
			}
		}
	}
}

// declaredNames returns the methods of all types, as Type.Method, and the fields of all structs, as
// Type.Field.
func declaredNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, root := range []string{"../broker", "../wsclient"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, decl := range file.Decls {
				declare(names, decl)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func declare(names map[string]bool, decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			return
		}
		receiver := decl.Recv.List[0].Type
		if pointer, ok := receiver.(*ast.StarExpr); ok {
			receiver = pointer.X
		}
		if name, ok := receiver.(*ast.Ident); ok {
			names[name.Name+"."+decl.Name.Name] = true
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			typeSpec, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			if fields, ok := typeSpec.Type.(*ast.StructType); ok {
				for _, field := range fields.Fields.List {
					for _, name := range field.Names {
						names[typeSpec.Name.Name+"."+name.Name] = true
					}
				}
			}
		}
	}
}

package etcd

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Only this package imports etcd's client, and only brokerd imports this package. So other programs, such as those
// that use the client, compile none of it.
func TestOnlyBrokerdCompilesEtcd(t *testing.T) {
	const root = "../.."
	own, files := 0, 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipFolder(root, path, entry.Name())
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		folder, _ := filepath.Rel(root, filepath.Dir(path))
		for _, imported := range importsOf(t, path) {
			switch {
			case strings.HasPrefix(imported, "go.etcd.io/"):
				own++
				if filepath.ToSlash(folder) != "broker/etcd" {
					t.Errorf("%s imports %s", path, imported)
				}
			case imported == "github.com/lockbroker/lockbroker/broker/etcd":
				if filepath.ToSlash(folder) != "cmd/brokerd" {
					t.Errorf("%s imports %s", path, imported)
				}
			}
		}
		return nil
	})
	if err != nil || own == 0 || files < 100 {
		t.Errorf("found %d imports of etcd in %d files: %v", own, files, err)
	}
}

// skipFolder skips folders without packages of this module.
func skipFolder(root, path, name string) error {
	if path == root {
		return nil
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	if err == nil || name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") {
		return filepath.SkipDir
	}
	return nil
}

func importsOf(t *testing.T, path string) (imports []string) {
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imports = append(imports, imported)
	}
	return imports
}

package broker

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Imports point one way: clients and commands may import the broker and its packages for tests, but
// these import neither, not even through another package.
func TestImportsPointOneWay(t *testing.T) {
	const module, root = "github.com/lockbroker/lockbroker/", ".."
	seen := map[string]bool{}
	var follow func(from string)
	follow = func(from string) {
		files, err := filepath.Glob(filepath.Join(root, from, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no files: %v", from, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				to, own := strings.CutPrefix(path, module)
				if !own || seen[to] {
					continue
				}
				if to != "broker" && !strings.HasPrefix(to, "broker/") {
					t.Errorf("%s imports %s", file, path)
					continue
				}
				seen[to] = true
				follow(to)
			}
		}
	}
	for _, root := range []string{"broker", "broker/brokertest", "broker/wire/wiretest"} {
		follow(root)
	}
	if !seen["broker/internal/locktable"] || !seen["broker/wire"] {
		t.Errorf("found only %v", seen)
	}
}

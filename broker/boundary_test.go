package broker

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// answers are the methods of the lock table that the loop may call itself. They change no request,
// except that those with a time do what is due.
var answers = []string{
	"BeginPage", "Bytes", "Cost", "Deadline", "Describe", "EachHeld", "HeldBy", "Held", "HeldForGood", "InUse",
	"Oldest", "OpenRequests", "RequestsOf", "SomeHolders", "Statistics", "Striking", "Subject",
	"Touches", "TouchesID", "TouchesSession", "Usage", "UsersOf", "Why", "WhyLock",
}

// Everything that decides about a lock goes through the core. Otherwise a simulation of the core would
// miss it.
func TestOnlyTheCoreChangesTheTable(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	fset := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			method, at := methodOfTable(node)
			if at == nil {
				return true
			}
			used = append(used, method)
			if !slices.Contains(answers, method) {
				t.Errorf("%s: calls Table.%s: use the core", fset.Position(at.Pos()), method)
			}
			return true
		})
	}
	for _, method := range answers {
		if !slices.Contains(used, method) {
			t.Errorf("nothing uses %s: remove it from the list", method)
		}
	}
}

// methodOfTable returns the name of the method if node selects one of a field named table.
func methodOfTable(node ast.Node) (method string, at ast.Node) {
	outer, ok := node.(*ast.SelectorExpr)
	if !ok {
		return "", nil
	}
	if inner, ok := outer.X.(*ast.SelectorExpr); ok && inner.Sel.Name == "table" {
		return outer.Sel.Name, outer
	}
	return "", nil
}

package wsclient_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// ParseID reads what String returns, even for the zero ID. TestParentOption has texts that it refuses.
func TestParseID(t *testing.T) {
	for _, id := range []wsclient.ID{{}, {Session: "k3v9x2mq"}, {Session: "k3v9x2mq", N: 1041}} {
		if got, err := wsclient.ParseID(id.String()); err != nil || got != id {
			t.Errorf("%q: got %+v, %v", id.String(), got, err)
		}
	}
}

// go doc does not show the fields of an alias, so the comment of each alias names all of them.
func TestAliasesDocumentTheirFields(t *testing.T) {
	comments := aliasComments(t)
	for name, of := range map[string]reflect.Type{
		"ID":          reflect.TypeFor[wsclient.ID](),
		"LockInfo":    reflect.TypeFor[wsclient.LockInfo](),
		"RequestInfo": reflect.TypeFor[wsclient.RequestInfo](),
		"Step":        reflect.TypeFor[wsclient.Step](),
		"Change":      reflect.TypeFor[wsclient.Change](),
	} {
		words := strings.Fields(strings.ReplaceAll(comments[name], ",", " "))
		for _, field := range reflect.VisibleFields(of) {
			if field.IsExported() && !field.Anonymous && !slices.Contains(words, field.Name) {
				t.Errorf("the comment of %s does not name its field %s", name, field.Name)
			}
		}
	}
}

// aliasComments returns the comments of the types in types.go.
func aliasComments(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "types.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := make(map[string]string)
	for _, decl := range file.Decls {
		if types, ok := decl.(*ast.GenDecl); ok && types.Tok == token.TYPE {
			comments[types.Specs[0].(*ast.TypeSpec).Name.Name] = types.Doc.Text()
		}
	}
	return comments
}

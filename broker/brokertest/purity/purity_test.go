package purity

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Each of these impurities is found.
func TestImpuritiesAreFound(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"import", `import "os"`, "imports os"},
		{"mutex", `import "sync"; type t struct { mu sync.Mutex }`, "imports sync"},
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
		{"map of another package", `import "` + modulePath + `broker/brokertest/purity/testdata/maps"
			func f() { for range maps.Get() {} }`, "ranges over a map"},
		{"type parameter", `func f[M map[int]int | map[int]bool](m M) { for range m {} }`, "ranges over a map"},
		{"unknown", `func f() { for range undeclared {} }`, "unknown type"},
		{"global", `var count int`, "package variable count"},
		{"init", `func init() {}`, "init"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := impuritiesOf(t, test.source)
			if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, test.want) }) {
				t.Errorf("want %q, found %q", test.want, found)
			}
		})
	}
}

// What a pure package may do is not reported.
func TestPureSourceIsNotReported(t *testing.T) {
	const source = `import ("slices"; "time"); const s = time.Second
		func f(m map[int]int, l []int) time.Duration { for range slices.Backward(l) {}; m[1]++; return s }`
	if found := impuritiesOf(t, source); len(found) > 0 {
		t.Errorf("found %q", found)
	}
}

func impuritiesOf(t *testing.T, source string) []string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "bad.go", "package p; "+source, 0)
	if err != nil {
		t.Fatal(err)
	}
	known, err := newModule(".")
	if err != nil {
		t.Fatal(err)
	}
	return impurities(fset, []*ast.File{file}, known, []string{"slices", "time"})
}

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write creates these files in a temporary directory and returns the figures for it.
func write(t *testing.T, files map[string]string) *tree {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := read(".")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// functionOf returns the source of a function with the given number of lines.
func functionOf(lines int) string {
	return "func f() {\n" + strings.Repeat("\tprintln()\n", lines-2) + "}\n"
}

func TestLimits(t *testing.T) {
	tall := strings.Repeat("\n", mostFileLines-2) // with "package a" and its line end: at the limit
	for _, c := range []struct {
		name string
		file string
		text string
		want []string
	}{
		{"at the limit of functions", "a/a.go", "package a\n" + functionOf(60), nil},
		{"a long function", "a/a.go", "package a\n" + functionOf(61),
			[]string{"a/a.go: f has 61 lines, over 60"}},
		{"a long function in a test", "a/a_test.go", "package a\n" + functionOf(61), nil},
		{"at the limit of files", "a/a.go", "package a\n" + tall + "\n", nil},
		{"a large file", "a/a.go", "package a\n" + tall + "\n\n", []string{"a/a.go has 401 lines, over 400"}},
		{"a large test", "a/a_test.go", "package a\n" + tall + "\n\n", nil},
		{"no documentation", "a/a.go", "package a\nfunc F() {}\n",
			[]string{"a.F is exported and has no documentation"}},
		{"only a directive", "a/a.go", "package a\n//go:noinline\nfunc F() {}\n",
			[]string{"a.F is exported and has no documentation"}},
		{"a method", "a/a.go", "package a\n// T is one.\ntype T[K any] int\nfunc (t *T[K]) M() {}\n",
			[]string{"a.T.M is exported and has no documentation"}},
		{"a method of an unexported type", "a/a.go", "package a\ntype t int\nfunc (t) M() {}\n", nil},
		{"a group", "a/a.go", "package a\n// Those.\nconst (\n\tA = 1\n\tB = 2\n)\n", nil},
		{"part of a group", "a/a.go", "package a\nvar (\n\tA = 1 // A is 1\n\tB = 2\n)\n",
			[]string{"a.B is exported and has no documentation"}},
		{"a command", "a/a.go", "package main\nfunc F() {}\n", nil},
		{"a package of another project", "node_modules/a/a.go", "package a\nfunc F() {}\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := write(t, map[string]string{"doc.go": "package root\n", c.file: c.text}).broken()
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestPrint(t *testing.T) {
	wide := "//" + strings.Repeat("ä", mostColumns-2) // at the limit
	var got strings.Builder
	indented := "\t//" + strings.Repeat("ä", mostColumns-tabColumns-1) // one column over
	tree := write(t, map[string]string{
		"a/a.go":       "package a\n" + wide + "\n\n// A is one.\nconst A = 1\n",
		"a/a_linux.go": "package a\n// F does it.\nfunc F() {}\n",
		"a/a_other.go": "package a\n// F does it.\nfunc F() {}\n\ntype T int\nfunc (T) M() {}\n",
		"a/a_test.go":  "package a\n" + wide + "ä\n" + indented + "\n" + functionOf(61),
		"b/main.go":    "package main\n",
	})
	tree.print(&got)
	tree.printPlaces(&got)
	const want = `
functions over 60 lines  0
  in tests               1
largest file             6 lines   a/a_other.go
  in tests               64 lines  a/a_test.go
lines over 120 columns   0
  in tests               2

package  exported  with members  documented
a        3         4             50.0 %

a/a_test.go: f has 61 lines
a/a_test.go: 2 wide lines
`
	if got.String() != want[1:] {
		t.Errorf("got\n%s", got.String())
	}
}

func TestNothingToRead(t *testing.T) {
	if _, err := read(t.TempDir()); err == nil {
		t.Error("a directory without Go files was accepted")
	}
}

package model

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	row  = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (.*) \\|$")
	file = regexp.MustCompile(`\[[\w.]+\]\(([^)]+)\)([^\[|]*)`)
	name = regexp.MustCompile("`(\\w+)`")
)

// TestCorrespondence checks that correspondence.md has every transition, and no others, and that the files and
// functions in it exist.
func TestCorrespondence(t *testing.T) {
	page, err := os.ReadFile("correspondence.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, m[1])
		for _, f := range file.FindAllStringSubmatch(m[2], -1) {
			for _, n := range name.FindAllStringSubmatch(f[2], -1) {
				if !declares(t, f[1], n[1]) {
					t.Errorf("%s: %s does not declare %s", m[1], f[1], n[1])
				}
			}
		}
	}
	transitions := load(t).transitionNames()
	if len(transitions) < 30 {
		t.Fatalf("found only these transitions: %q", transitions)
	}
	for _, transition := range transitions {
		if !slices.Contains(listed, transition) {
			t.Errorf("the table lacks %s", transition)
		}
	}
	for _, transition := range listed {
		if !slices.Contains(transitions, transition) {
			t.Errorf("the model has no transition %s", transition)
		}
	}
}

// declares reports whether a file declares a function, a method or a value with that name.
func declares(t *testing.T, path, name string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return true
	}
	form := `(?m)^func (\([^)]*\) )?` + name + `\(`
	if strings.HasSuffix(path, ".js") {
		form = `(?m)^\s*((export )?const |get )?` + name + `( = |\(|:)|\.` + name + ` = `
	}
	return regexp.MustCompile(form).Match(text)
}

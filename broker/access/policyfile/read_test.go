package policyfile

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/strictyaml"
)

const example = `# The policy of a test.
rules:
  - for: [billing, "spiffe://example/billing/*"]
    locks: ["invoices/**"]
    allow: [acquire, list]
  - for:
      - "group:operators"
    locks: ["**"]
    allow: [list, evict]
  - {for: [prometheus], allow: [metrics]}
`

func TestRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, try := range []struct {
		who  access.Identity
		want access.Verbs
	}{
		{access.Identity{Name: "billing"}, access.Acquire | access.List},
		{access.Identity{Name: "spiffe://example/billing/7"}, access.Acquire | access.List},
		{access.Identity{Name: "x", Groups: []string{"operators"}}, access.List | access.Evict},
		{access.Identity{Name: "prometheus"}, access.Metrics},
		{access.Identity{Name: "other"}, 0},
	} {
		if got := policy.For(try.who).On("invoices/7"); got != try.want {
			t.Errorf("%v: got %v, want %v", try.who, got, try.want)
		}
	}
	if _, err := Read(file + ".missing"); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
	for _, text := range []string{"rules: []", "\ufeff" + example, strings.ReplaceAll(example, "\n", "\r\n")} {
		if _, err := Parse("f", []byte(text)); err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// The example in the package documentation is a policy.
func TestDocumentedExample(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, line := range regexp.MustCompile(`(?m)^//\t.*$`).FindAllString(string(doc), -1) {
		text.WriteString(strings.TrimPrefix(line, "//\t") + "\n")
	}
	policy, err := Parse("doc.go", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got := policy.For(access.Identity{Name: "a"}).On("home/a/x"); got != access.Acquire|access.List {
		t.Errorf("got %v", got)
	}
}

func TestErrors(t *testing.T) {
	rule := func(text string) string { return "rules:\n  - for: [a]\n    locks: [b]\n    allow: [list]\n" + text }
	for text, want := range map[string]string{
		"":                                   `1:1: the file is empty: want rules:`,
		"# nothing\n":                        `1:1: the file is empty: want rules:`,
		"---\n":                              `2:1: want a mapping with rules`,
		"{}":                                 `1:1: want rules:`,
		"[rules]":                            `1:1: want a mapping with rules`,
		"rules":                              `1:1: want a mapping with rules`,
		"rules:":                             `1:7: rules: want a list`,
		"rules: {}":                          `1:8: rules: want a list`,
		"rules: []\nrule: []":                `2:1: unknown field "rule": want rules`,
		"rules: []\nrules: []":               `2:1: rules: given twice`,
		"rules: []\n---\nrules: []":          `2:1: want one document only`,
		"rules: []\n--- }":                   `1:1: did not find expected node content`,
		"rules: [a]":                         `1:9: want a mapping with for, locks or allow`,
		"rules:\n\t- for: [a]":               `2:1: found character that cannot start any token`,
		"rules: &x []":                       `1:8: anchors and aliases are not allowed`,
		"rules: *x":                          `1:1: unknown anchor referenced`,
		"rules: !!set {}":                    `1:8: rules: want a list`,
		"? [a]\n: []":                        `1:3: unknown field: want rules`,
		rule("  - fro: [a]"):                 `5:5: unknown field "fro": want for, locks or allow`,
		rule("  - for: [a]\n    for: [b]"):   `6:5: for: given twice`,
		rule("  - for: a"):                   `5:10: for: want a list`,
		rule("  - for: [a, 7]"):              `5:14: for: want text: put it in quotes`,
		rule("  - for: [a, 2027-01-31]"):     `5:14: for: want text: put it in quotes`,
		rule("  - for: [true]"):              `5:11: for: want text: put it in quotes`,
		rule("  - for: [~]"):                 `5:11: for: want text: put it in quotes`,
		rule("  - for: [[a]]"):               `5:11: for: want text: put it in quotes`,
		rule("  - for: [!x a]"):              `5:11: for: want text: put it in quotes`,
		rule("  - <<: {for: [a]}"):           `5:5: unknown field: want for, locks or allow`,
		rule("  - {for: [a], locks: [b]}"):   `5:5: rule 2: allow: want at least one verb`,
		rule("  - {for: [], allow: [list]}"): `5:11: rule 2: for: want at least one identity or group`,
		rule("  - for: [a]\n    locks: [b]\n    allow:\n      - list\n      - lock"): `9:9: rule 2: allow: ` +
			`unknown verb "lock": want some of [acquire shared list steal evict clients metrics]`,
		rule("  - for: [a]\n    allow: [list]\n    locks: [b, \"größe\", \"{c\"]"): `7:25: rule 2: locks: ` +
			`item 3: not a valid glob`,
		rule("  - for: [a]\n    allow: [list]"): `5:5: rule 2: locks: want at least one glob, such as a/**`,
	} {
		_, err := Parse("policy.yaml", []byte(text))
		if err == nil || err.Error() != "policy.yaml:"+want {
			t.Errorf("%q:\n got %v\nwant policy.yaml:%s", text, err, want)
		}
	}
	_, err := Parse("f", []byte("rules: []\n"+strings.Repeat("#", strictyaml.MaxBytes)))
	if err == nil || err.Error() != "f:1:1: want at most 4194304 bytes" {
		t.Errorf("a long file: %v", err)
	}
}

// FuzzParse: no file makes the parser panic, and each error is one line with a position.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		example, "rules: [", "rules: *x", "a: &a [*a]", "rules: []\n--- }", "\x00", "rules:\n- for: [a",
	} {
		f.Add([]byte(text))
	}
	form := regexp.MustCompile(`^f:[1-9][0-9]*:[1-9][0-9]*: [^\n]+$`)
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := Parse("f", text); err != nil && !form.MatchString(err.Error()) {
			t.Errorf("got %q", err)
		}
	})
}

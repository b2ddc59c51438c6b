//go:build unix

package examples

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A page is a document whose blocks are executed.
type page struct {
	path   string   // from the root of the repository
	before []string // commands that the page expects to be running
	want   []string // the kinds of its blocks, in order
}

// executed are the pages whose sh, go and js blocks are executed, in this order.
var executed = []page{
	{path: "README.md", want: []string{
		"clone", "brokerd", "shared", "info", "run", "module", "program", "install", "sbom",
		"go test", "go test -v",
	}},
	{path: "cmd/brokerd/README.md", want: []string{"brokerd"}},
	{
		path:   "cmd/brokerctl/README.md",
		before: []string{"brokerd", "go run ./examples/shared"},
		want:   []string{"run", "run", "run", "run", "hold", "info", "why"},
	},
	{path: "wsclient/README.md", before: []string{"brokerd"}, want: []string{"program"}},
	{path: "wsclient/js/README.md", before: []string{"brokerd"}, want: []string{"page"}},
	{
		path:   "examples/README.md",
		before: []string{"brokerd"},
		want: []string{
			"counter", "fencedtable", "fencedendpoint", "browser", "node", "metadata",
			"opentelemetry", "slog",
		},
	},
}

// checked are the pages whose commands change files, or take long. Tests check only that the files, packages and
// tests in them exist.
var checked = []string{".github/CONTRIBUTING.md", "broker/evidence/README.md", "examples/deploy/README.md"}

// TestPages follows each page from top to bottom. It runs each sh block and compares the output with the text block
// below it, if there is one; it builds and runs each go block; and it runs the first js block in a page. Only the
// ports differ, so that other programs on this machine do not matter.
func TestPages(t *testing.T) {
	programs := installPrograms(t)
	for _, p := range executed {
		t.Run(p.path, func(t *testing.T) {
			r := &reader{page: p.path, programs: programs}
			for _, command := range p.before {
				r.shell(t, block{text: command})
			}
			r.did = nil
			for _, b := range readBlocks(t, p.path) {
				r.execute(t, b)
			}
			if !slices.Equal(r.did, p.want) {
				t.Errorf("%s led to %q, want %q", p.path, r.did, p.want)
			}
		})
	}
}

// TestEveryBlockIsExecuted fails when a page has a block to execute and no test executes it.
func TestEveryBlockIsExecuted(t *testing.T) {
	known := append(slices.Clone(checked), securityPage)
	for _, p := range executed {
		known = append(known, p.path)
	}
	for _, path := range markdown(t) {
		for _, b := range readBlocks(t, path) {
			if slices.Contains([]string{"sh", "go", "js"}, b.language) && !slices.Contains(known, path) {
				t.Errorf("%s has a block that no test executes:\n%s", path, b.text)
			}
		}
	}
}

// TestCheckedPages checks that the files, packages and tests in the commands of the checked pages exist.
func TestCheckedPages(t *testing.T) {
	run := regexp.MustCompile(`-run '?\^?(Test\w+)`)
	for _, path := range checked {
		commands := 0
		for _, b := range readBlocks(t, path) {
			for command := range strings.Lines(b.text) {
				commands++
				var folder string
				for word := range strings.FieldsSeq(command) {
					word = word[strings.LastIndexByte(word, '>')+1:] // of 2>>FILE
					inTree := strings.HasPrefix(word, ".") || strings.HasPrefix(word, "examples/")
					if inTree && word != "./..." && word != "." {
						folder = filepath.Join("..", strings.TrimRight(word, "/.)"))
						if _, err := os.Stat(folder); err != nil {
							t.Errorf("%s: %s: %v", path, command, err)
						}
					}
				}
				if m := run.FindStringSubmatch(command); m != nil && !hasTest(t, folder, m[1]) {
					t.Errorf("%s: %s: there is no %s", path, command, m[1])
				}
			}
		}
		if commands == 0 {
			t.Errorf("%s has no commands", path)
		}
	}
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		return strings.Contains(read(t, file), "\nfunc "+name+"(t ")
	})
}

// A block is a fenced block of a page.
type block struct {
	language, text string
	output         string // the text block below
}

func readBlocks(t *testing.T, path string) []block {
	t.Helper()
	return blocksOf(read(t, filepath.Join("..", path)))
}

// blocksOf returns the blocks of a document.
func blocksOf(text string) []block {
	var blocks []block
	fenced := regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		if m[1] == "text" {
			if len(blocks) > 0 {
				blocks[len(blocks)-1].output = m[2]
			}
			continue
		}
		blocks = append(blocks, block{language: m[1], text: m[2]})
	}
	return blocks
}

// markdown returns the paths of all documents of the repository, from its root.
func markdown(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
			return fs.SkipDir
		case filepath.Ext(path) == ".md":
			paths = append(paths, strings.TrimPrefix(filepath.ToSlash(path), "../"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 10 {
		t.Fatalf("found only these documents: %q", paths)
	}
	return paths
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

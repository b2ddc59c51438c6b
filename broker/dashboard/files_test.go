package dashboard_test

import (
	"bytes"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/lockbroker/lockbroker/broker/dashboard"
)

func TestFilesAreAFileSystem(t *testing.T) {
	if err := fstest.TestFS(dashboard.Files(), "index.html", "main.js", "style.css"); err != nil {
		t.Fatal(err)
	}
}

// A module that is served differs from the one in the folder page only by comments and indentation.
func TestOnlyCommentsAreLeftOut(t *testing.T) {
	for name, text := range readAll(t, dashboard.Files()) {
		full, err := fs.ReadFile(dashboard.Embedded, "page/"+name)
		if err != nil {
			t.Fatal(err)
		}
		loader, isCode := map[string]api.Loader{".js": api.LoaderJS, ".css": api.LoaderCSS}[path.Ext(name)]
		if !isCode {
			if !bytes.Equal(text, full) {
				t.Errorf("%s was changed", name)
			}
			continue
		}
		if minified(t, loader, text) != minified(t, loader, full) {
			t.Errorf("%s has lost code with its comments", name)
		}
		if regexp.MustCompile(`(?m)^([ \t]|//)|\n\n`).Match(text) {
			t.Errorf("%s has a comment or is indented", name)
		}
	}
}

// index.html names each module, so that the browser fetches all of them at once.
func TestModulesArePreloaded(t *testing.T) {
	files := readAll(t, dashboard.Files())
	listed := []string{"main.js"}
	for _, match := range regexp.MustCompile(`"modulepreload" href="./dashboard/(.*)"`).
		FindAllStringSubmatch(string(files["index.html"]), -1) {
		listed = append(listed, match[1])
	}
	slices.Sort(listed)
	var modules []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".js") {
			modules = append(modules, name)
		}
	}
	if !slices.Equal(listed, modules) {
		t.Errorf("index.html has %v\nthe folder has %v", listed, modules)
	}
}

func readAll(t *testing.T, files fs.FS) map[string][]byte {
	t.Helper()
	names, err := fs.Glob(files, "*")
	if err != nil || len(names) < 10 {
		t.Fatalf("found %v: %v", names, err)
	}
	all := make(map[string][]byte)
	for _, name := range names {
		if all[name], err = fs.ReadFile(files, name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func minified(t *testing.T, loader api.Loader, text []byte) string {
	t.Helper()
	result := api.Transform(string(text), api.TransformOptions{
		Loader:           loader,
		MinifyWhitespace: true, MinifySyntax: true, LegalComments: api.LegalCommentsNone,
	})
	if len(result.Errors) > 0 {
		t.Fatal(result.Errors[0].Text)
	}
	return string(result.Code)
}

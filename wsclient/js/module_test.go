package js_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/lockbroker/lockbroker/wsclient/js"
)

var update = flag.Bool("update", false, "write the files in bundle")

// TestModulesAreFresh checks that the files in bundle were made from the current files.
func TestModulesAreFresh(t *testing.T) {
	for _, name := range []string{"client.js", "inspector.js"} {
		built := build(t, name, api.BuildOptions{Banner: map[string]string{"js": banner(t, name)}})
		if bytes.Contains(built, []byte("\nawait")) {
			t.Errorf("%s: a top-level await would hold up the page that imports the client", name)
		}
		fresh := withoutIndentation(t, built)
		if *update {
			err := os.WriteFile("bundle/"+name, fresh, 0o644) //nolint:gosec // as all files here
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		if served, err := fs.ReadFile(js.Served(), name); err != nil || !bytes.Equal(served, fresh) {
			t.Errorf("bundle/%s is out of date: run go generate ./wsclient/js; %v", name, err)
		}
	}
}

// TestModule checks that Module is what the broker serves.
func TestModule(t *testing.T) {
	if served, err := fs.ReadFile(js.Served(), "client.js"); err != nil || js.Module() != string(served) {
		t.Errorf("Module differs from client.js: %v", err)
	}
}

// The inspector is for pages that ask for no locks, so it has no code for that.
func TestInspectorIsSmall(t *testing.T) {
	inspector, err := fs.ReadFile(js.Served(), "inspector.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{`"acquire"`, `"resume"`} {
		if !strings.Contains(js.Module(), code) || bytes.Contains(inspector, []byte(code)) {
			t.Errorf("want %s in client.js, and not in inspector.js", code)
		}
	}
}

// banner returns the comment at the head of a module, with its license. Minifiers keep it.
func banner(t *testing.T, module string) string {
	t.Helper()
	onlyForLocks := []string{"manager.js", "request.js", "resume.js", "states.js"}
	var parts []string
	for _, name := range names(t, js.Files()) {
		isEntry := name == "client.js" || name == "inspector.js"
		isUnused := module == "inspector.js" && slices.Contains(onlyForLocks, name)
		if strings.HasSuffix(name, ".js") && !isEntry && !isUnused {
			parts = append(parts, name)
		}
	}
	return `/*!
 * The JavaScript client of the lock broker, https://github.com/lockbroker/lockbroker
 * Copyright (c) 2026 The lockbroker authors, MIT License
 *
 * index.d.ts documents it. go generate makes this file from wsclient/js/` + module + ` and the modules that
 * it imports. Their comments explain the code. The broker serves those modules too, for reading. Import
 * only this file: each module has its own copies of the classes.
 * ` + strings.Join(parts, " ") + `
 */`
}

// withoutIndentation returns the module without indentation and without comments, except for the banner. That saves an
// eighth of what travels compressed. People read the files from which the module was made.
func withoutIndentation(t *testing.T, module []byte) []byte {
	t.Helper()
	head, body, _ := bytes.Cut(module, []byte("\n\n"))
	fresh := append(slices.Clip(head), '\n')
	for line := range bytes.Lines(body) {
		if bytes.Count(line, []byte("`"))%2 != 0 {
			t.Errorf("a template literal of several lines, whose indentation would change: %s", line)
		}
		line = bytes.TrimLeft(line, " ")
		if len(line) > 1 && !bytes.HasPrefix(line, []byte("//")) {
			fresh = append(fresh, line...)
		}
	}
	return fresh
}

// build bundles a module and all that it imports into one module.
func build(t *testing.T, module string, options api.BuildOptions) []byte {
	t.Helper()
	options.EntryPoints = []string{module}
	options.Bundle = true
	options.Format = api.FormatESModule
	options.Charset = api.CharsetUTF8
	built := api.Build(options)
	for _, message := range append(built.Errors, built.Warnings...) {
		t.Error(message.Text)
	}
	if len(built.OutputFiles) != 1 {
		t.Fatalf("got %d files, want one", len(built.OutputFiles))
	}
	return built.OutputFiles[0].Contents
}

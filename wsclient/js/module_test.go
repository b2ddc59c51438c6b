package js_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/lockbroker/lockbroker/wsclient/js"
)

var update = flag.Bool("update", false, "write bundle/client.js")

// TestModuleIsFresh checks that bundle/client.js was made from the current files.
func TestModuleIsFresh(t *testing.T) {
	built := build(t, api.BuildOptions{Banner: map[string]string{"js": banner(t)}})
	if bytes.Contains(built, []byte("\nawait")) {
		t.Error("a top-level await would hold up the page that imports the client")
	}
	fresh := withoutIndentation(t, built)
	if *update {
		err := os.WriteFile("bundle/client.js", fresh, 0o644) //nolint:gosec // as all files here
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	if js.Module() != string(fresh) {
		t.Error("bundle/client.js is out of date: run go generate ./wsclient/js")
	}
}

// banner returns the comment at the head of the module, with its license. Minifiers keep it.
func banner(t *testing.T) string {
	var parts []string
	for _, name := range names(t, js.Files()) {
		if strings.HasSuffix(name, ".js") && name != "client.js" {
			parts = append(parts, name)
		}
	}
	return `/*!
 * The JavaScript client of the lock broker, https://github.com/lockbroker/lockbroker
 * Copyright (c) 2026 The lockbroker authors, MIT License
 *
 * index.d.ts documents it. go generate makes this file from wsclient/js/client.js and the modules that
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

// build bundles the client into one module.
func build(t *testing.T, options api.BuildOptions) []byte {
	t.Helper()
	options.EntryPoints = []string{"client.js"}
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
